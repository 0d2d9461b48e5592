import { expect, test } from 'vitest';
import { renderBody } from './render.ts';

const user = '{"user_id":"u","scopes":null}';

test('data gets its user in front, everything else stays byte for byte', () => {
  const body = '{"type":"sleep","version":"2022-03-16","data":[{"name":"Zoë","n":1.50}]}';
  expect(renderBody(Buffer.from(body), user).toString()).toBe(
    '{"user":{"user_id":"u","scopes":null},"type":"sleep","version":"2022-03-16","data":[{"name":"Zoë","n":1.50}]}',
  );
});

test('an empty object stays JSON', () => {
  expect(JSON.parse(renderBody(Buffer.from('{ }'), user).toString())).toEqual({ user: JSON.parse(user) });
});

test('auth events go out as they were written', () => {
  const body = '{"type":"auth","user":{"user_id":"then"}}';
  expect(renderBody(Buffer.from(body), undefined).toString()).toBe(body);
});
