import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

function read(env: Record<string, string>) {
  const result = readConfig(env);
  if ('problems' in result) throw new Error(result.problems.join('; '));
  return result.config;
}

test('an empty environment gives a loopback server with the sandbox on', () => {
  const config = read({});
  expect(config).toMatchObject({ port: 3000, host: '127.0.0.1', publicUrl: 'http://localhost:3000', sandbox: true });
});

test('a server that other machines reach has no sandbox unless it is turned on', () => {
  expect(read({ HOST: '0.0.0.0' }).sandbox).toBe(false);
  expect(read({ HOST: '0.0.0.0', SOLUM_SANDBOX: 'on' }).sandbox).toBe(true);
});

test('all problems are reported together and name their variable', () => {
  const result = readConfig({ PORT: 'x', PUBLIC_URL: 'nope', SOLUM_SANDBOX: 'yes', SOLUM_ALLOW_ADDRESSES: '' });
  expect('problems' in result && result.problems.map((line) => line.split(':')[0])).toEqual([
    'PORT',
    'PUBLIC_URL',
    'SOLUM_SANDBOX',
  ]);
});

test('a secret value is never repeated in a problem', () => {
  const result = readConfig({
    SOLUM_MASTER_KEY: 'hunter2-hunter2',
    SOLUM_API_KEY: 'short',
    DATABASE_URL: 'mysql://a:pw@b',
  });
  const told = 'problems' in result ? result.problems.join('\n') : '';
  expect(told).toMatch(/SOLUM_MASTER_KEY[\s\S]*SOLUM_API_KEY/);
  expect(told).not.toMatch(/hunter2|short|pw@b/);
});

test('a master key is 32 bytes in hex or base64url', () => {
  const bytes = Buffer.alloc(32, 7);
  expect(read({ SOLUM_MASTER_KEY: bytes.toString('hex') }).masterKey).toEqual(bytes);
  expect(read({ SOLUM_MASTER_KEY: bytes.toString('base64url') }).masterKey).toEqual(bytes);
  expect('problems' in readConfig({ SOLUM_MASTER_KEY: bytes.subarray(1).toString('hex') })).toBe(true);
});

test('blanks count as unset', () => {
  expect(read({ PORT: '  ', DATABASE_URL: '' })).toMatchObject({ port: 3000, databaseUrl: undefined });
});
