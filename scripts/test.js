// `npm test`: types, lint, unit, architecture, conformance and wire tests, then end to end in a browser.
// Further suites are named on the command line (used by CI): `node scripts/test.js shared`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const counts = { passed: 0, failed: 0, skipped: 0 };
const notes = [];

function command(title, file, args) {
  heading(title);
  const ok = spawnSync(file, args, { cwd: root, stdio: 'inherit' }).status === 0;
  counts[ok ? 'passed' : 'failed'] += 1;
}

function vitest(title, args) {
  heading(title);
  const folder = mkdtempSync(join(tmpdir(), 'solum-test-'));
  const output = join(folder, 'result.json');
  const run = spawnSync(
    bin('vitest'),
    ['run', ...args, '--reporter=default', '--reporter=json', `--outputFile=${output}`],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
  if (existsSync(output)) {
    const result = JSON.parse(readFileSync(output, 'utf8'));
    counts.passed += result.numPassedTests;
    counts.failed += result.numFailedTests;
    counts.skipped += result.numPendingTests + result.numTodoTests;
    if (run.status !== 0 && result.numFailedTests === 0) counts.failed += 1;
  } else counts.failed += 1;
  rmSync(folder, { recursive: true, force: true });
}

function skip(title, why) {
  notes.push(`skipped: ${title} (${why})`);
  counts.skipped += 1;
}

function heading(title) {
  process.stdout.write(`\n=== ${title}\n`);
}

const suites = {
  check() {
    command('types', bin('tsc'), ['-p', '.', '--noEmit']);
    command('types of the browser apps', bin('tsc'), ['-p', 'web', '--noEmit']);
    command('lint', bin('biome'), ['check', '--error-on-warnings', '.']);
    vitest('unit, architecture, conformance, wire', []);
    if (!existsSync('/usr/lib/postgresql/15/bin/postgres')) {
      skip('the store on PostgreSQL 15', 'apt-get install postgresql-15');
    }
  },
  e2e() {
    if (existsSync('/usr/bin/chromium')) vitest('end to end', ['--config', 'vitest.e2e.config.ts']);
    else skip('end to end in a browser', 'apt-get install chromium');
  },
  shared() {
    vitest('published schemas and sample recordings', ['--config', 'vitest.shared.config.ts']);
  },
  unit() {
    vitest('unit, architecture, conformance, wire', []);
  },
};

const chosen = process.argv.slice(2);
for (const name of chosen.length > 0 ? chosen : ['check', 'e2e']) {
  if (!(name in suites)) throw new Error(`there is no suite ${name}; there are ${Object.keys(suites).join(', ')}`);
  suites[name]();
}
for (const note of notes) process.stdout.write(`\n${note}`);
process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
