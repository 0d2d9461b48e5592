import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Log } from '../core/log.ts';
import { loadProviders } from './load.ts';

const log: Log = { debug() {}, info() {}, warn() {}, error() {} };

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'provider-folders-'));
  await mkdir(join(root, 'own'));
  await mkdir(join(root, 'extra'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  const target = join(root, path);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, text);
}

const load = () => loadProviders({ builtIn: join(root, 'own'), extra: join(root, 'extra'), log });

/** A whole small manifest as JavaScript text; `changes` are members that replace its own. */
function manifest(changes: Record<string, string> = {}): string {
  const members: Record<string, string> = {
    id: `'ACME'`,
    name: `'Acme Rings'`,
    domains: `['acme.example.com']`,
    capabilities: `['poll']`,
    hosts: `{ api: 'https://api.acme.example.com' }`,
    credentials: `[{ name: 'client_id', label: 'Id' }, { name: 'client_secret', label: 'Secret', kind: 'secret' }]`,
    auth: `{
      kind: 'oauth2',
      scopes: [{ name: 'read', dataTypes: ['daily'] }],
      authorize: { url: 'https://acme.example.com/authorize' },
      exchange: { url: 'https://api.acme.example.com/token' },
      token: () => undefined,
      account: () => ({ providerUserId: '1' }),
      refreshSkew: 60,
      isDead: () => false,
    }`,
    resources: `{
      days: {
        kind: 'record',
        scope: 'read',
        requests: () => [],
        records: () => [],
        identity: (record) => record.id,
        day: (record) => record.day,
        window: { maxDays: 30, filterOn: 'start', overlapDays: 1 },
      },
    }`,
    dataTypes: `{ daily: { anchor: ['days'], joins: [], group: (record) => record.day, map: () => [] } }`,
    limits: `[{ scope: 'app', permits: 10, window: 1 }]`,
    ...changes,
  };
  const lines = Object.entries(members).map(([name, value]) => `  ${name}: ${value},`);
  return `export default {\n${lines.join('\n')}\n};\n`;
}

const sandbox = (id: string, host: string) =>
  `export default { id: '${id}', hosts: ['${host}'], async handle() { return { status: 404 }; }, async decide() { return {}; } };`;

test('the product loads its own folders, with their simulated providers', async () => {
  const providers = await loadProviders({ log });
  const codes = providers.all().map(({ id }) => id);
  expect(codes).toEqual([...codes].sort());
  expect(codes).toEqual(expect.arrayContaining(['OURA', 'WITHINGS']));
  expect(providers.find('oura')).toMatchObject({ id: 'OURA', simulated: true });
  expect(providers.sandboxes.map(({ id }) => id)).toEqual(expect.arrayContaining(['OURA', 'WITHINGS']));
});

test('a folder outside the product needs no import of ours', async () => {
  await write('extra/acme/manifest.js', manifest());
  const providers = await load();
  expect(providers.all()).toHaveLength(1);
  expect(providers.find('acme')).toMatchObject({ name: 'Acme Rings', simulated: false });
  expect(providers.sandboxes).toEqual([]);
});

test('types of a manifest outside the product are stripped', async () => {
  const typed = manifest({ name: `('Typed' as string)` });
  await write(
    'extra/acme/manifest.ts',
    `interface Unused { a: string }\n${typed.replace('(record)', '(record: { id: string })')}`,
  );
  await write(
    'extra/acme/sandbox.ts',
    `const note: string = 'typed';\nvoid note;\n${sandbox('ACME', 'https://api.acme.example.com')}`,
  );
  const providers = await load();
  expect(providers.find('ACME')).toMatchObject({ name: 'Typed', simulated: true });
  expect(providers.sandboxes[0]?.hosts).toEqual(['https://api.acme.example.com']);
});

test('codes are found in any spelling, and so are aliases', async () => {
  await write('own/acme/manifest.js', manifest({ aliases: `['ACME_RINGS']` }));
  const providers = await load();
  expect(providers.find('Acme')?.id).toBe('ACME');
  expect(providers.find('acme_rings')?.id).toBe('ACME');
  expect(providers.find('NOBODY')).toBeUndefined();
});

test('a manifest that extends another holds only what differs', async () => {
  await write('own/acme/manifest.js', manifest({ aliases: `['RINGS']` }));
  await write(
    'extra/acme-eu/manifest.js',
    `export default {
      id: 'ACME_EU', name: 'Acme Europe', extends: 'ACME',
      hosts: { api: 'https://api.eu.acme.example.com' },
      auth: { exchange: { url: 'https://api.eu.acme.example.com/token' } },
    };`,
  );
  const european = (await load()).find('ACME_EU');
  expect(european).toMatchObject({
    name: 'Acme Europe',
    domains: ['acme.example.com'],
    hosts: { api: 'https://api.eu.acme.example.com' },
    auth: { kind: 'oauth2', refreshSkew: 60, exchange: { url: 'https://api.eu.acme.example.com/token' } },
  });
  expect(european?.aliases).toBeUndefined();
  expect(Object.keys(european?.resources ?? {})).toEqual(['days']);
});

test('a logo may stand in a file of its own', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0h1"/></svg>';
  await write('own/acme/manifest.js', manifest({ logo: `'mark.svg'` }));
  await write('own/acme/mark.svg', svg);
  expect((await load()).find('ACME')?.logo).toBe(svg);
});

test('hidden folders and loose files are no providers', async () => {
  await write('own/acme/manifest.js', manifest());
  await write('extra/.git/config', '');
  await write('extra/README.md', '');
  expect((await load()).all()).toHaveLength(1);
});

describe('the start is refused', () => {
  const broken: [string, Record<string, string>, RegExp][] = [
    ['a code in small letters', { id: `'acme'` }, /providers\/acme: id: has to be capital letters/],
    ['a missing name', { name: 'undefined' }, /providers\/acme: name: is missing/],
    ['a host with a path', { hosts: `{ api: 'https://api.acme.example.com/v1' }` }, /hosts\.api: /],
    ['a host without encryption', { hosts: `{ api: 'http://api.acme.example.com' }` }, /hosts\.api: /],
    ['an unknown field', { scops: '[]' }, /scops: there is no such field/],
    ['an unknown kind of login', { auth: `{ kind: 'magic' }` }, /auth\.kind: has to be one of/],
    [
      'a grant without its functions',
      { auth: `{ kind: 'oauth2', scopes: [] }` },
      /auth\.token: is missing.*a function/,
    ],
    ['an unknown capability', { capabilities: `['fly']` }, /capabilities\[0\]: /],
    ['notices without a push', { capabilities: `['poll', 'notify']` }, /capabilities: notify needs a push/],
    ['polling without resources', { resources: '{}', dataTypes: '{}' }, /capabilities: poll needs a resource/],
    [
      'an anchor that is no resource',
      { dataTypes: `{ daily: { anchor: ['nights'], joins: [], group() {}, map() {} } }` },
      /dataTypes\.daily\.anchor\[0\]: /,
    ],
    [
      'a data type that does not exist',
      { dataTypes: `{ mood: { anchor: ['days'], joins: [], group() {}, map() {} } }` },
      /dataTypes\.mood: there is no such field/,
    ],
    [
      'a grant of files',
      { auth: `{ kind: 'none' }`, capabilities: '[]' },
      /capabilities: without a login there is only file/,
    ],
    ['no client id', { credentials: '[]' }, /credentials: has to have a field client_id/],
    ['a logo with a script', { logo: `'<svg><script>1</script></svg>'` }, /logo: may not hold scripts/],
    ['a limit of nothing', { limits: `[{ scope: 'app', permits: 0, window: 1 }]` }, /limits\[0\]\.permits: /],
    ['a base that does not exist', { extends: `'NOBODY'` }, /extends: there is no provider NOBODY/],
    ['a base that is itself', { extends: `'ACME'`, name: 'undefined' }, /name: is missing/],
  ];

  test.each(broken)('over %s', async (_what, changes, message) => {
    await write('own/acme/manifest.js', manifest(changes));
    await expect(load()).rejects.toThrow(message);
  });

  test('over a token address that is not among the hosts', async () => {
    await write(
      'own/acme/manifest.js',
      manifest().replace('https://api.acme.example.com/token', 'https://else.example.com/t'),
    );
    await expect(load()).rejects.toThrow(/auth\.exchange\.url: its origin has to be one of hosts/);
  });

  test('over a scope of a data type that does not exist', async () => {
    await write('own/acme/manifest.js', manifest().replace(`dataTypes: ['daily']`, `dataTypes: ['steps']`));
    await expect(load()).rejects.toThrow(/auth\.scopes\[0\]\.dataTypes\[0\]: has to be one of activity/);
  });

  test('over a resource whose scope is not declared', async () => {
    await write('own/acme/manifest.js', manifest().replace(`scope: 'read'`, `scope: 'write'`));
    await expect(load()).rejects.toThrow(/resources\.days\.scope: has to be one of auth\.scopes/);
  });

  test('over two folders of one code, wherever they are', async () => {
    await write('own/acme/manifest.js', manifest());
    await write('extra/other/manifest.js', manifest({ name: `'Other'` }));
    await expect(load()).rejects.toThrow(/extra\/other: id: ACME is taken by providers\/acme/);
  });

  test('over an alias that is another provider', async () => {
    await write('own/acme/manifest.js', manifest());
    await write('own/other/manifest.js', manifest({ id: `'OTHER'`, aliases: `['ACME']` }));
    await expect(load()).rejects.toThrow(/providers\/other: aliases: ACME is taken by providers\/acme/);
  });

  test('over a folder without a manifest', async () => {
    await write('extra/acme/README.md', '');
    await expect(load()).rejects.toThrow(/extra\/acme: there is no manifest\.js or manifest\.ts/);
  });

  test('over a manifest that cannot be read as a program', async () => {
    await write('extra/acme/manifest.js', 'export default {');
    await expect(load()).rejects.toThrow(/extra\/acme: manifest\.js: cannot be imported/);
  });

  test('over a manifest without a default export', async () => {
    await write('extra/acme/manifest.js', 'export const provider = {};');
    await expect(load()).rejects.toThrow(/extra\/acme: manifest\.js: has to have an object as default export/);
  });

  test('over a simulated provider of another code', async () => {
    await write('own/acme/manifest.js', manifest());
    await write('own/acme/sandbox.js', sandbox('OTHER', 'https://api.acme.example.com'));
    await expect(load()).rejects.toThrow(/providers\/acme\/sandbox: id: has to be ACME/);
  });

  test('over an outside folder that does not exist', async () => {
    const gone = loadProviders({ builtIn: join(root, 'own'), extra: join(root, 'gone'), log });
    await expect(gone).rejects.toThrow(/folder of providers cannot be read: .*gone/);
  });

  test('with every problem of every folder at once', async () => {
    await write('own/acme/manifest.js', manifest({ name: 'undefined', limits: 'undefined' }));
    await write('extra/other/manifest.js', manifest({ id: `'OTHER'`, domains: `'x'` }));
    await expect(load()).rejects.toThrow(/acme: name: [\s\S]*acme: limits: [\s\S]*other: domains: /);
  });
});
