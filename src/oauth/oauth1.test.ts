import { expect, test } from 'vitest';
import {
  type OAuth1Signer,
  readOAuth1Token,
  resourceOwnerUrl,
  signatureBase,
  signRequest,
  temporaryCredentialsRequest,
  tokenCredentialsRequest,
} from './oauth1.ts';

/** The worked example of RFC 5849 §1.2, also known from OAuth Core 1.0 appendix A. */
const printer: OAuth1Signer = {
  method: 'HMAC-SHA1',
  consumerKey: 'dpf43f3p2l4k3l03',
  consumerSecret: 'kd94hf93k423kf44',
};

function signatureOf(authorization: string | undefined): string {
  return decodeURIComponent(/oauth_signature="([^"]+)"/.exec(authorization ?? '')?.[1] ?? '');
}

test('a protected resource is signed as in the photos example', () => {
  const request = signRequest(
    { url: 'http://photos.example.net/photos', query: { file: 'vacation.jpg', size: 'original' } },
    { ...printer, token: { token: 'nnch734d00sl2jdk', secret: 'pfkkdhi9sl3r4s00' } },
    { nonce: 'kllo9940pd9333jh', timestamp: 1_191_242_096 },
  );
  expect(signatureOf(request.headers?.authorization)).toBe('tR3+Ty81lMeYAr/Fid0kMTYa/WM=');
  expect(request.as).toBe('nobody');
});

test('the base string of the photos example is the published one', () => {
  const base = signatureBase(
    { url: 'http://photos.example.net/photos?size=original', query: { file: 'vacation.jpg' } },
    {
      oauth_consumer_key: 'dpf43f3p2l4k3l03',
      oauth_nonce: 'kllo9940pd9333jh',
      oauth_signature_method: 'HMAC-SHA1',
      oauth_timestamp: '1191242096',
      oauth_token: 'nnch734d00sl2jdk',
      oauth_version: '1.0',
    },
  );
  expect(base).toBe(
    'GET&http%3A%2F%2Fphotos.example.net%2Fphotos&file%3Dvacation.jpg%26oauth_consumer_key%3Ddpf43f3p2l4k3l03' +
      '%26oauth_nonce%3Dkllo9940pd9333jh%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D1191242096' +
      '%26oauth_token%3Dnnch734d00sl2jdk%26oauth_version%3D1.0%26size%3Doriginal',
  );
});

test('form fields, repeated names and reserved characters are part of what is signed', () => {
  const base = signatureBase(
    { method: 'POST', url: 'https://api.example.net/a?b=2&b=1', form: { c: "it's (50%)!", n: 3, gone: undefined } },
    {},
  );
  expect(base).toBe(
    'POST&https%3A%2F%2Fapi.example.net%2Fa&b%3D1%26b%3D2%26c%3Dit%2527s%2520%252850%2525%2529%2521%26n%3D3',
  );
});

test('the temporary credentials request carries the signed callback and no token', () => {
  const request = temporaryCredentialsRequest(
    'https://photos.example.net/initiate',
    'https://us.example/back?x=1',
    printer,
    {
      nonce: 'wIjqoxSZeA',
      timestamp: 137_131_200,
    },
  );
  const header = request.headers?.authorization ?? '';
  expect(request.method).toBe('POST');
  expect(header).toContain('oauth_callback="https%3A%2F%2Fus.example%2Fback%3Fx%3D1"');
  expect(header).not.toContain('oauth_token');
  expect(signatureOf(header)).toHaveLength(28);
});

test('SHA-256 signatures differ in method and length', () => {
  const request = tokenCredentialsRequest(
    'https://photos.example.net/token',
    'hfdp7dh39dks9884',
    { ...printer, method: 'HMAC-SHA256', token: { token: 'hh5s93j4hdidpola', secret: 'hdhd0244k9j7ao03' } },
    { nonce: 'walatlh', timestamp: 137_131_201 },
  );
  const header = request.headers?.authorization ?? '';
  expect(header).toContain('oauth_signature_method="HMAC-SHA256"');
  expect(header).toContain('oauth_verifier="hfdp7dh39dks9884"');
  expect(signatureOf(header)).toHaveLength(44);
});

test('the owner is sent to the page with the temporary token', () => {
  expect(resourceOwnerUrl('https://photos.example.net/authorize?lang=en', 'hh5s93j4hdidpola')).toBe(
    'https://photos.example.net/authorize?lang=en&oauth_token=hh5s93j4hdidpola',
  );
});

test('credentials are read from a form answer, and not from a refusal', () => {
  const answer = (status: number, body: string) => ({ status, headers: {}, body: Buffer.from(body), json: undefined });
  expect(readOAuth1Token(answer(200, 'oauth_token=a%2Fb&oauth_token_secret=s&user_id=7'))).toEqual({
    token: 'a/b',
    secret: 's',
    extra: { user_id: '7' },
  });
  expect(readOAuth1Token(answer(401, 'oauth_token=a&oauth_token_secret=s'))).toBeUndefined();
  expect(readOAuth1Token(answer(200, 'oauth_problem=rejected'))).toBeUndefined();
});
