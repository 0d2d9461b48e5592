import { gunzipSync, inflateRawSync, inflateSync, constants as zlib } from 'node:zlib';
import type pg from 'pg';

/** What must not be found, by a name that may be shown. */
export type Secrets = ReadonlyMap<string, string | Uint8Array>;

/** How often something may be packed into something else before it counts as hidden. */
const DEPTH = 3;
/** Shorter runs of text are no encoding of anything that is looked for. */
const SHORTEST_RUN = 12;
const MOST_BYTES = 50_000_000;

/** Names of the secrets in these bytes: as they are, in hex, in base64, compressed, and any of it within each other. */
export function findSecrets(secrets: Secrets, bytes: Uint8Array): string[] {
  const needles = [...secrets].map(([name, value]) => ({ name, forms: formsOf(Buffer.from(value)) }));
  const found = new Set<string>();
  const look = (layer: Buffer, depth: number): void => {
    for (const { name, forms } of needles) {
      if (!found.has(name) && forms.some((form) => layer.includes(form))) found.add(name);
    }
    if (depth < DEPTH) for (const inner of unpacked(layer)) look(inner, depth + 1);
  };
  look(Buffer.from(bytes), 0);
  return [...found];
}

/** A place in the database where a secret stands. */
export interface Finding {
  place: string;
  secret: string;
}

/** Looks into every value of every column of every table. */
export async function findInDatabase(pool: pg.Pool, secrets: Secrets): Promise<Finding[]> {
  const { rows: tables } = await pool.query<{ schema: string; name: string }>(
    `select table_schema as schema, table_name as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  );
  const findings = new Map<string, Finding>();
  for (const { schema, name } of tables) {
    const { rows } = await pool.query<Record<string, unknown>>(`select * from "${schema}"."${name}"`);
    for (const [column, value] of rows.flatMap((row) => Object.entries(row))) {
      const place = `${schema}.${name}.${column}`;
      for (const secret of findSecrets(secrets, bytesOf(value))) findings.set(`${place} ${secret}`, { place, secret });
    }
  }
  return [...findings.values()];
}

function bytesOf(value: unknown): Buffer {
  if (value === null || value === undefined) return Buffer.alloc(0);
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

/** How a value can stand in a text or a file without being hidden. */
function formsOf(value: Buffer): Buffer[] {
  const text = value.toString('latin1');
  const forms = [
    text,
    value.toString('hex'),
    value.toString('hex').toUpperCase(),
    ...[0, 1, 2].flatMap((offset) => base64At(value, offset)),
  ];
  if (/^[\x20-\x7e]+$/.test(text)) forms.push(encodeURIComponent(text), JSON.stringify(text).slice(1, -1));
  return [...new Set(forms)].map((form) => Buffer.from(form, 'latin1'));
}

/** The digits of base64 that depend on the value alone when `offset` bytes stand before it, in both alphabets. */
function base64At(value: Buffer, offset: number): string[] {
  const encoded = Buffer.concat([Buffer.alloc(offset), value]).toString('base64url');
  const first = Math.ceil((offset * 8) / 6);
  const last = Math.floor(((offset + value.length) * 8) / 6);
  const core = encoded.slice(first, last);
  return [core, core.replaceAll('-', '+').replaceAll('_', '/')];
}

function* unpacked(layer: Buffer): Generator<Buffer> {
  yield* inflated(layer);
  const text = layer.toString('latin1');
  for (const [run] of text.matchAll(/(?:[0-9a-fA-F]{2}){6,}/g)) yield Buffer.from(run, 'hex');
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]+/g)) {
    if (run.length < SHORTEST_RUN) continue;
    // Letters in front of an encoding move its beginning.
    for (let skip = 0; skip < 4; skip += 1) yield Buffer.from(run.slice(skip), 'base64url');
  }
}

/** gzip wherever its mark stands; zlib and bare deflate from the beginning. */
function* inflated(layer: Buffer): Generator<Buffer> {
  for (let at = layer.indexOf(GZIP); at !== -1; at = layer.indexOf(GZIP, at + 1)) {
    yield* attempt(() => gunzipSync(layer.subarray(at), LENIENT));
  }
  if (((layer[0] ?? 0) & 0x0f) === 8) yield* attempt(() => inflateSync(layer, LENIENT));
  yield* attempt(() => inflateRawSync(layer, LENIENT));
}

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);
const LENIENT = { finishFlush: zlib.Z_SYNC_FLUSH, maxOutputLength: MOST_BYTES };

function* attempt(inflate: () => Buffer): Generator<Buffer> {
  try {
    const layer = inflate();
    if (layer.length >= SHORTEST_RUN / 2) yield layer;
  } catch {
    // It is not compressed in this way.
  }
}
