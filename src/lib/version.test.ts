import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { USER_AGENT, VERSION } from './version.ts';

test('the version is that of the package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(VERSION).toBe(manifest.version);
  expect(USER_AGENT).toBe(`Solum/${manifest.version}`);
});
