import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A real OAuth server on this machine, with TLS and tokens that are known here. */
export interface PlantedProvider {
  /** Folder for `SOLUM_PROVIDERS_DIR`. */
  providersDir: string;
  /** For `NODE_EXTRA_CA_CERTS`. */
  certificate: string;
  /** Everything secret that it gave out or was shown, by a name for messages. */
  secrets: Map<string, string>;
  /** How often each path was asked. */
  calls(path: string): number;
  /** The person allows: answers the callback's address. */
  allow(authorizeUrl: string, person: string): string;
  /** The next requests to this path are answered in this way. */
  answerNext(path: string, ...troubles: Trouble[]): void;
  close(): Promise<void>;
}

/** `echo`: the refusal repeats whatever it was asked with. */
export type Trouble = { status: number; error: string; echo?: boolean } | { hangUp: true };

export const PLANTED_CODE = 'PLANTED';

interface Asked {
  path: string;
  form: Record<string, string>;
  authorization: string;
}

/** `client` is what the operator stores; `email` is what the account is called. */
export async function startPlantedProvider(
  folder: string,
  client: { id: string; secret: string },
  email: (person: string) => string,
): Promise<PlantedProvider> {
  const tls = await makeCertificate(folder);
  const secrets = new Map<string, string>();
  const persons = new Map<string, string>();
  const troubles = new Map<string, Trouble[]>();
  const asked: Asked[] = [];

  function plant(kind: string, person: string): string {
    const value = `${kind}-${randomBytes(24).toString('base64url')}`;
    secrets.set(`${kind} ${secrets.size} of ${person}`, value);
    persons.set(value, person);
    return value;
  }

  function token({ form }: Asked): { status: number; json: unknown } {
    if (form.client_id !== client.id || form.client_secret !== client.secret) return refusal(401, 'invalid_client');
    if (form.code_verifier) secrets.set(`code verifier ${secrets.size}`, form.code_verifier);
    const known = form.code ?? form.refresh_token ?? '';
    const person = persons.get(known);
    persons.delete(known);
    if (person === undefined) return refusal(400, 'invalid_grant');
    const json = {
      access_token: plant('access', person),
      refresh_token: plant('refresh', person),
      token_type: 'bearer',
      // What came for a code is due for refresh soon; what came for a refresh token is not.
      expires_in: form.code ? 8 : 3_600,
    };
    return { status: 200, json };
  }

  function answer(request: Asked): { status: number; json: unknown } {
    if (request.path === '/token' || request.path === '/refresh') return token(request);
    const person = persons.get(request.authorization.replace(/^Bearer /, ''));
    if (person === undefined) return refusal(401, 'invalid_token');
    return { status: 200, json: request.path === '/me' ? { id: `id-of-${person}`, email: email(person) } : {} };
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = Object.fromEntries(new URLSearchParams(Buffer.concat(await request.toArray()).toString('utf8')));
    const { authorization = '' } = request.headers;
    const one: Asked = { path: request.url ?? '', form, authorization };
    asked.push(one);
    const trouble = troubles.get(one.path)?.shift();
    if (trouble && 'hangUp' in trouble) return void request.socket.destroy();
    const said = trouble ? refusal(trouble.status, trouble.error, trouble.echo ? one : undefined) : answer(one);
    response.writeHead(said.status, { 'content-type': 'application/json' }).end(JSON.stringify(said.json));
  }

  const server = createServer(tls, (request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const origin = `https://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  return {
    providersDir: await writeManifest(folder, origin),
    certificate: join(folder, 'certificate.pem'),
    secrets,
    calls: (path) => asked.filter((one) => one.path === path).length,
    allow(authorizeUrl, person) {
      const { searchParams } = new URL(authorizeUrl);
      const back = new URL(searchParams.get('redirect_uri') ?? '');
      back.searchParams.set('code', plant('code', person));
      back.searchParams.set('state', searchParams.get('state') ?? '');
      return back.href;
    },
    answerNext: (path, ...some) => void troubles.set(path, [...(troubles.get(path) ?? []), ...some]),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function refusal(status: number, error: string, echo?: Asked): { status: number; json: unknown } {
  return { status, json: { error, ...(echo && { error_description: JSON.stringify(echo), ...echo.form }) } };
}

async function makeCertificate(folder: string): Promise<{ key: Buffer; cert: Buffer }> {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await promisify(execFile)('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', cert]);
  return { key: await readFile(key), cert: await readFile(cert) };
}

/** A provider as somebody outside the repository writes one. */
async function writeManifest(folder: string, origin: string): Promise<string> {
  const providers = join(folder, 'providers');
  await mkdir(join(providers, 'planted'), { recursive: true });
  await writeFile(join(providers, 'package.json'), '{"type":"module"}');
  const manifest = `
    export default {
      id: '${PLANTED_CODE}',
      name: 'Planted Band',
      domains: ['planted.example'],
      capabilities: [],
      hosts: { all: '${origin}' },
      credentials: [
        { name: 'client_id', label: 'Client id' },
        { name: 'client_secret', label: 'Client secret', kind: 'secret' },
      ],
      auth: {
        kind: 'oauth2',
        scopes: [{ name: 'daily', dataTypes: ['daily'] }],
        authorize: { url: '${origin}/authorize', pkce: 'S256' },
        exchange: { url: '${origin}/token' },
        refresh: { url: '${origin}/refresh' },
        token: ({ json }) =>
          json?.access_token && {
            accessToken: json.access_token,
            refreshToken: json.refresh_token,
            expiresIn: json.expires_in,
          },
        afterToken: [{ name: 'me', request: () => ({ url: '${origin}/me' }) }],
        account: ({ results }) => ({ providerUserId: results.me.json.id, label: results.me.json.email }),
        refreshSkew: 6,
        isDead: ({ status, json }) => status === 400 && json?.error === 'invalid_grant',
        revoke: [{ name: 'revoke', request: () => ({ method: 'POST', url: '${origin}/revoke' }) }],
      },
      dataTypes: {},
      limits: [],
    };`;
  await writeFile(join(providers, 'planted', 'manifest.js'), manifest);
  return providers;
}
