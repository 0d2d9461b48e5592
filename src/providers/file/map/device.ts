import type { Recording } from '../wire.ts';
import { known } from './known.ts';

export function deviceData({ device }: Recording) {
  return known({
    manufacturer: device?.manufacturer,
    name: nameOf(device?.product),
    serial_number: device?.serial,
    software_version: device?.softwareVersion,
  });
}

/** Most devices give a product number, which is not a name. */
function nameOf(product: string | undefined): string | undefined {
  return product === undefined || /^\d+$/.test(product) ? undefined : product;
}
