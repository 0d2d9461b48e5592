import type { FileDecoder } from '../core/file-decoder.ts';
import type { Provider, WireRecord } from '../core/provider.ts';
import type { RawRecord } from '../core/raw.ts';

/** The records in a raw row: one that is JSON, or those of a file. Or why it cannot be read, without its values. */
export async function openRaw(
  provider: Provider,
  decoder: FileDecoder,
  row: RawRecord,
): Promise<{ records: WireRecord[] } | { refused: string }> {
  const resource = provider.resources?.[row.resource];
  if (!resource) return { refused: `the provider has no resource ${row.resource}` };
  if (row.deleted) return { records: [] };
  if (row.encoding === 'json') return parse(row.body);
  const decoded = await decoder.decode(row.encoding, row.body);
  return 'refused' in decoded ? decoded : { records: resource.records(decoded.recordings) };
}

function parse(body: Uint8Array): { records: WireRecord[] } | { refused: string } {
  try {
    return { records: [JSON.parse(new TextDecoder().decode(body))] };
  } catch {
    return { refused: 'it is not JSON' };
  }
}
