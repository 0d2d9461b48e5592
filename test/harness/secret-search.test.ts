import { randomBytes } from 'node:crypto';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { findSecrets } from './secret-search.ts';

const SECRET = 'planted/secret+of?the=test';
const secrets = new Map([['it', SECRET]]);
const bytes = Buffer.from(SECRET);
const noise = () => randomBytes(2_000);

const FORMS: [string, Buffer | string][] = [
  ['itself', `before ${SECRET} after`],
  ['hex', bytes.toString('hex')],
  ['hex of a dump', `\\\\x00ff${bytes.toString('hex')}00`],
  ['capital hex', bytes.toString('hex').toUpperCase()],
  ['base64', bytes.toString('base64')],
  ['base64url behind letters', `key_${bytes.toString('base64url')}`],
  ['base64 of a longer text', Buffer.from(`{"a":"x${SECRET}y"}`).toString('base64')],
  ['base64 of a text that is one longer', Buffer.from(`{"a":"xx${SECRET}y"}`).toString('base64')],
  ['a query', `?a=${encodeURIComponent(SECRET)}`],
  ['gzip', gzipSync(bytes)],
  ['gzip behind other bytes', Buffer.concat([noise(), gzipSync(bytes)])],
  ['zlib', deflateSync(bytes)],
  ['deflate', deflateRawSync(bytes)],
  ['base64 of gzip', `{"body":"${gzipSync(bytes).toString('base64')}"}`],
  ['hex of gzip of base64', gzipSync(bytes.toString('base64')).toString('hex')],
  ['base64 of base64', Buffer.from(bytes.toString('base64')).toString('base64')],
  ['gzip of hex of base64', gzipSync(Buffer.from(bytes.toString('base64')).toString('hex'))],
];

test.each(FORMS)('a secret is found as %s', (_form, hidden) => {
  expect(findSecrets(secrets, Buffer.from(hidden))).toEqual(['it']);
});

test.each(FORMS.map(([form, hidden]) => [form, Buffer.from(hidden)] as const))(
  'another secret is not found in %s',
  (_form, hidden) => {
    expect(findSecrets(new Map([['another', 'planted/secret+of?the=rest']]), hidden)).toEqual([]);
  },
);

test('noise holds no secret', () => {
  expect(findSecrets(secrets, Buffer.concat([noise(), noise()]))).toEqual([]);
});

test('bytes that are no text are found as well', () => {
  const value = randomBytes(40);
  const found = findSecrets(new Map([['bytes', value]]), Buffer.from(`x${value.toString('base64')}`));
  expect(found).toEqual(['bytes']);
});
