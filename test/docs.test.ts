import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configurationPage } from '../scripts/configuration-page.ts';

test('docs/configuration.md is what the tables say', () => {
  const written = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  expect(written, 'run npm run docs').toBe(configurationPage());
});
