import { describe, expect, test } from 'vitest';
import type { Field } from '../core/field.ts';
import { checkFields, MASK, maskFields } from './fields.ts';

const fields: Field[] = [
  { name: 'url', label: 'Address', kind: 'url' },
  { name: 'token', label: 'Token', kind: 'secret', required: false, pattern: '[a-z0-9]{8,}' },
  { name: 'port', label: 'Port', kind: 'number', default: 5432 },
  { name: 'tls', label: 'TLS', kind: 'boolean', required: false },
  { name: 'mail', label: 'Contact', kind: 'email', required: false },
  {
    name: 'region',
    label: 'Region',
    kind: 'choice',
    required: false,
    choices: [
      { value: 'eu', label: 'Europe' },
      { value: 'us', label: 'America' },
    ],
  },
];
const url = 'https://example.org/';

test('texts are read as what the field holds, defaults fill in', () => {
  const input = { url: ` ${url} `, tls: 'true', mail: 'ops@example.org', region: 'eu', token: 'abcdefgh' };
  expect(checkFields(fields, input)).toEqual({
    url,
    tls: true,
    mail: 'ops@example.org',
    region: 'eu',
    token: 'abcdefgh',
    port: 5432,
  });
  expect(checkFields(fields, { url, port: '15432', tls: false })).toEqual({ url, port: 15_432, tls: false });
});

test('an optional field that is left empty stays away', () => {
  expect(checkFields(fields, { url, token: '', region: null })).toEqual({ url, port: 5432 });
});

describe('a field that cannot be used is named, its value is not repeated', () => {
  test.each([
    ['url', {}],
    ['url', { url: '' }],
    ['url', { url: 'nowhere-4711' }],
    ['url', { url: 4711 }],
    ['token', { url, token: 'SECRET-4711' }],
    ['token', { url, token: 'abcdefgh\n' }],
    ['port', { url, port: 'port-4711' }],
    ['port', { url, port: Number.NaN }],
    ['port', { url, port: ' ' }],
    ['tls', { url, tls: 'yes-4711' }],
    ['mail', { url, mail: 'me-4711' }],
    ['region', { url, region: 'mars-4711' }],
    ['colour', { url, colour: 'red-4711' }],
  ])('%s of %j', (field, input) => {
    let problem: unknown;
    try {
      checkFields(fields, input);
    } catch (error) {
      problem = error;
    }
    expect(problem).toMatchObject({ code: 'bad_request', field });
    expect(String(problem)).toContain(field);
    expect(String(problem)).not.toContain('4711');
  });
});

test('display masks secrets that are set and nothing else', () => {
  expect(maskFields(fields, { url, token: 'abcdefgh', port: 1, other: 'x' })).toEqual({ url, token: MASK, port: 1 });
  expect(maskFields(fields, { url })).toEqual({ url });
});

test('of an address, display shows where it leads and not what proves who calls', () => {
  const shown = (address: string) => maskFields(fields, { url: address }).url;
  expect(shown('https://app.example/hook?key=SECRET&x=1')).toBe(`https://app.example/hook?${MASK}`);
  expect(shown('https://app.example/hook#SECRET')).toBe(`https://app.example/hook#${MASK}`);
  expect(shown('https://me:SECRET@app.example/hook')).toBe(`https://${MASK}@app.example/hook`);
  expect(shown('https://app.example/a/@b')).toBe('https://app.example/a/@b');
});
