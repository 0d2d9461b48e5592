import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uuid4 } from '../lib/ids.ts';
import { codeVerifier, makeState, readState, verifyState } from './state.ts';

const key = Buffer.alloc(32, 7);
const ids = { environmentId: uuid4(), flowId: uuid4() };
const nonce = Buffer.alloc(16, 9);

test('a state names its environment and flow, and verifies with its key alone', () => {
  const state = makeState(key, ids, nonce);
  expect(state).toMatch(/^[A-Za-z0-9_-]{86}$/);
  expect(readState(state)).toEqual(ids);
  expect(verifyState(key, state)).toBe(true);
  expect(verifyState(Buffer.alloc(32, 8), state)).toBe(false);
});

test('no changed character verifies', () => {
  const state = makeState(key, ids, nonce);
  fc.assert(
    fc.property(fc.nat(state.length - 1), fc.constantFrom(...'ABCXYZabcxyz0189-_'), (at, character) => {
      const changed = state.slice(0, at) + character + state.slice(at + 1);
      expect(verifyState(key, changed)).toBe(changed === state);
    }),
  );
});

test('what does not have the form of a state has no ids', () => {
  const state = makeState(key, ids, nonce);
  for (const text of ['', 'abc', `${state}=`, `${state}A`, state.slice(1), `${state.slice(0, -1)}/`]) {
    expect(readState(text)).toBeUndefined();
    expect(verifyState(key, text)).toBe(false);
  }
});

test('a nonce of another length is refused', () => {
  expect(() => makeState(key, ids, Buffer.alloc(8))).toThrow(/nonce/);
});

test('the code verifier follows from key and state and has the RFC 7636 form', () => {
  const state = makeState(key, ids, nonce);
  expect(codeVerifier(key, state)).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(codeVerifier(key, state)).toBe(codeVerifier(key, state));
  expect(codeVerifier(Buffer.alloc(32, 8), state)).not.toBe(codeVerifier(key, state));
  expect(codeVerifier(key, makeState(key, ids, Buffer.alloc(16, 1)))).not.toBe(codeVerifier(key, state));
});
