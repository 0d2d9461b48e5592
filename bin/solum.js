#!/usr/bin/env node
import { existsSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`solum: needs Node 20.19 or newer, this is ${process.versions.node}\n`);
  process.exit(2);
}
if (process.env.npm_lifecycle_event !== undefined && process.platform !== 'win32') endWithShell();
const builder = new URL('../scripts/build.js', import.meta.url);
if (existsSync(builder)) {
  const { buildIfStale } = await import(builder.href);
  buildIfStale();
}
const { main } = await import(new URL('../dist/main.js', import.meta.url).href);
await main(process.argv.slice(2));

/**
 * npm runs us in a shell, and passes the signal that ends it to that shell, which dies without passing it on. Then it is
 * for us to stop in order: nobody else would.
 */
function endWithShell() {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  watch.unref();
}
