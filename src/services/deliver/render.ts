import type { DueDelivery } from '../../core/store.ts';

/**
 * The bytes that go out. A data event is stored without `user`, because the user may change until the first attempt; it
 * is put in front of the other members. The body is not parsed: data events can be megabytes long.
 */
export function renderBody(delivery: Pick<DueDelivery, 'isData'>, body: string, user: string | undefined): Buffer {
  return Buffer.from(delivery.isData && user !== undefined ? withUser(body, user) : body, 'utf8');
}

function withUser(body: string, user: string): string {
  const rest = body.slice(body.indexOf('{') + 1);
  return `{"user":${user}${/^\s*\}/.test(rest) ? '' : ','}${rest}`;
}
