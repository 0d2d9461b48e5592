// Builds what `solum` runs: src → dist (types stripped, not checked: `npm run types` does that), SQL and the browser apps.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const STAMP = join(root, 'dist', '.built');
const INPUTS = [
  'src',
  'web',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'scripts/build.js',
];

/** Builds when a source changed since the last build, in a process of its own, whose memory ends with it. */
export function buildIfStale() {
  if (!existsSync(join(root, 'src'))) return;
  if (isBuilt(fingerprint())) return;
  process.stderr.write('Building (first start after a change) …\n');
  const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (run.status !== 0) process.exit(1);
}

/** Builds beside the present result and swaps at the end, so that a failed or concurrent build leaves a whole one. */
async function build(state) {
  const dist = join(root, `.dist-${process.pid}`);
  const again = isBuilt(state);
  try {
    mkdirSync(dist, { recursive: true });
    const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
    const run = spawnSync(
      process.execPath,
      [tsc, '-p', join(root, 'tsconfig.build.json'), '--noCheck', '--outDir', dist],
      {
        stdio: ['ignore', 'inherit', 'inherit'],
      },
    );
    if (run.status !== 0) throw new Error('the build failed, see above');
    copyAssets(join(root, 'src'), dist);
    await buildPages(join(dist, 'web'));
    writeFileSync(join(dist, '.built'), state);
    if (again || !isBuilt(state)) swapIn(dist, state);
  } finally {
    rmSync(dist, { recursive: true, force: true });
  }
}

function isBuilt(state) {
  return existsSync(STAMP) && readFileSync(STAMP, 'utf8') === state;
}

/** Of several that build the same at once the first stays: others may run from its files already. */
function swapIn(dist, state) {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  try {
    renameSync(dist, join(root, 'dist'));
  } catch (error) {
    if (!isBuilt(state)) throw error;
  }
}

async function buildPages(outDir) {
  const configFile = join(root, 'web', 'vite.config.ts');
  if (!existsSync(configFile)) return;
  const vite = await import('vite');
  await vite.build({ configFile, logLevel: 'warn', build: { outDir: join(outDir, 'first-steps'), emptyOutDir: true } });
}

/** What is neither TypeScript nor a test goes along as it is (SQL, marks, provider pages). */
function copyAssets(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || /\.(ts|tsx|md)$/.test(entry.name) || entry.parentPath.includes('fixtures')) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, relative(from, source));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(source, target);
  }
}

function fingerprint() {
  const hash = createHash('sha256').update(process.version);
  for (const path of INPUTS.flatMap((input) => filesBelow(join(root, input))).sort()) {
    const { mtimeMs, size } = statSync(path);
    hash.update(`${relative(root, path)} ${mtimeMs} ${size}\n`);
  }
  return hash.digest('hex');
}

function filesBelow(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await build(fingerprint());
