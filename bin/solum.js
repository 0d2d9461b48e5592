#!/usr/bin/env node
import { existsSync } from 'node:fs';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`solum: needs Node 20.19 or newer, this is ${process.versions.node}\n`);
  process.exit(2);
}
const builder = new URL('../scripts/build.js', import.meta.url);
if (existsSync(builder)) {
  const { buildIfStale } = await import(builder.href);
  buildIfStale();
}
const { main } = await import(new URL('../dist/main.js', import.meta.url).href);
await main(process.argv.slice(2));
