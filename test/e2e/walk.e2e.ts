import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { type Terra, TerraClient, type TerraError, verifyTerraWebhookSignature } from 'terra-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { attachEmbedded } from '../../src/store/embedded/embedded.ts';
import { type ReceivedWebhook, type Receiver, startReceiver } from '../harness/receiver.ts';
import { DESKTOP, launchChromium, newVisitor, PHONE, pictureFolder, troubles, type Visitor } from './chromium.ts';
import { API_KEY, DEV_ID, type RunningSolum, SIGNING_SECRET, startSolum } from './running-solum.ts';

const WALKS = [
  { code: 'OURA', name: 'Oura', prefix: '/v2', screen: 'phone', size: PHONE },
  { code: 'WITHINGS', name: 'Withings', prefix: '/api/v2', screen: 'phone', size: PHONE },
  { code: 'OURA', name: 'Oura', prefix: '/api/v2', screen: 'desktop', size: DESKTOP },
];
const pictures = pictureFolder();

let browser: Browser;
/** The app, where people come back to. */
let app: Server;
let appUrl: string;
beforeAll(async () => {
  browser = await launchChromium();
  app = createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<title>The app</title>'),
  );
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  appUrl = `http://127.0.0.1:${(app.address() as AddressInfo).port}`;
  process.stdout.write(`pictures of the pages: ${pictures}\n`);
});
afterAll(async () => {
  await browser?.close();
  app?.closeAllConnections();
  app?.close();
});

describe.each(WALKS.map((walk) => [`${walk.code} on a ${walk.screen}`, walk] as const))(
  '%s',
  (_title, { code, name, prefix, screen, size }) => {
    const reference = `ada at ${code}`;
    let receiver: Receiver;
    let solum: RunningSolum;
    let visitor: Visitor;
    let steps: Page;
    let userId = '';

    beforeAll(async () => {
      receiver = await startReceiver();
      solum = await startSolum({ env: { SOLUM_WEBHOOK_URL: receiver.url } });
      visitor = await newVisitor(browser, size);
      steps = await visitor.context.newPage();
    });
    afterAll(async () => {
      await visitor?.context.close();
      await solum?.stop();
      await receiver?.close();
    });

    const client = (at = prefix) => new TerraClient({ baseUrl: `${solum.url}${at}`, devId: DEV_ID, apiKey: API_KEY });

    /** Keeps a picture, and finds nothing wrong with the page. */
    async function look(page: Page, picture: string): Promise<void> {
      await page.screenshot({ path: join(pictures, `${screen}-${code}-${picture}.png`), fullPage: true });
      expect(await troubles(page), picture).toEqual([]);
    }

    const webhook = (type: string, about: (json: ReceivedWebhook['json']) => boolean = () => true) =>
      receiver.waitFor(({ json }) => json.type === type && about(json), type);

    test('the printed link opens the first-steps page, once', async () => {
      await enter(steps, solum.link);
      await steps.getByText('Nobody yet').waitFor();
      await steps.getByText(receiver.url).waitFor();
      await look(steps, 'first-steps-empty');
      const other = await newVisitor(browser, size);
      const page = await other.context.newPage();
      await page.goto(solum.link);
      await look(page, 'enter');
      await page.getByRole('button', { name: 'Open first steps' }).click();
      await page.getByRole('heading', { name: 'This link no longer works' }).waitFor();
      await look(page, 'link-used');
      await page.goto(solum.url);
      await page.getByRole('heading', { name: 'You are not signed in' }).waitFor();
      await other.context.close();
    });

    test('a test user connects from the page, which shows the user, the event and its delivery', async () => {
      await steps.getByLabel('Reference id').fill(reference);
      const opened = visitor.context.waitForEvent('page');
      await steps.getByRole('button', { name: /^Connect a test user/ }).click();
      const tab = await opened;
      await tab.getByRole('button', { name: `Connect ${name}` }).waitFor();
      await look(tab, 'widget');
      await tab.getByRole('button', { name: `Connect ${name}` }).click();
      await tab.getByRole('button', { name: 'Allow' }).waitFor();
      await look(tab, 'consent');
      await tab.getByLabel('Yuki Tanabe').check();
      await tab.getByRole('button', { name: 'Allow' }).click();
      await tab.getByRole('heading', { name: `${name} is connected` }).waitFor();
      await look(tab, 'success');
      await tab.close();

      const { json } = await webhook('auth');
      expect(json).toMatchObject({ status: 'success', reference_id: reference });
      expect(json.user).toMatchObject({ provider: code, reference_id: reference, active: true });
      userId = String(json.user?.user_id);
      await steps.getByText(userId, { exact: true }).waitFor();
      await steps.getByRole('button', { name: /^auth.*Delivered/ }).click();
      await steps.getByText('"User has successfully authenticated"').waitFor();
      await steps.getByRole('cell', { name: '200', exact: true }).waitFor();
      await look(steps, 'first-steps-connected');
    });

    test('the official client sees the user at both prefixes', async () => {
      for (const at of ['/v2', '/api/v2']) {
        const known = (await client(at).user.getinfoforuserid({ user_id: userId })) as { user: Terra.TerraUser };
        expect(known).toMatchObject({ status: 'success', is_authenticated: true });
        expect(known.user).toMatchObject({ user_id: userId, provider: code, reference_id: reference });
        const all = (await client(at).user.getalluserids()) as unknown as { users: Terra.TerraUser[] };
        expect(all.users.map((user) => user.user_id)).toEqual([userId]);
        expect((await client(at).integrations.fetch()).providers).toContain(code);
        const detailed = await client(at).integrations.detailedfetch();
        expect(detailed.providers?.find(({ provider }) => provider === code)).toMatchObject({ name, enabled: true });
      }
    });

    test('who denies sees why nothing was connected, and the app is told', async () => {
      const session = await client().authentication.generatewidgetsession({ reference_id: 'grace', language: 'en' });
      const page = await visitor.context.newPage();
      await page.goto(session.url ?? '');
      await page.getByRole('button', { name: `Connect ${name}` }).click();
      await page.getByRole('button', { name: 'Deny' }).click();
      await page.getByText('You did not allow access at the source.').waitFor();
      expect(new URL(page.url()).searchParams.get('reason')).toBe('access_denied');
      await look(page, 'failure');
      const { json } = await webhook('auth_cancelled', (about) => about.reference_id === 'grace');
      expect(json).toMatchObject({ status: 'error', reason: 'access_denied' });
      await page.close();
    });

    test('a link that has run out says so, here or in the app', async () => {
      const { authentication } = client();
      const shown = await authentication.generatewidgetsession({ reference_id: 'late' });
      const returned = await authentication.generatewidgetsession({
        reference_id: 'late',
        auth_failure_redirect_url: `${appUrl}/failed`,
      });
      await inDatabase(
        solum,
        "update widget_sessions set expires_at = now() - interval '1 second' where id = any($1)",
        [[shown.session_id, returned.session_id]],
      );
      const page = await visitor.context.newPage();
      await page.goto(shown.url ?? '');
      await page.getByRole('heading', { name: 'This link has expired' }).waitFor();
      await look(page, 'expired');
      await page.goto(returned.url ?? '');
      const landed = new URL(page.url());
      expect([landed.origin, landed.pathname]).toEqual([appUrl, '/failed']);
      expect(landed.searchParams.get('reason')).toBe('session_expired');
      await page.close();
    });

    test('who consents too late is told so, and so is the app, once', async () => {
      const link = await client().authentication.authenticateuser({ resource: code, reference_id: 'slow' });
      const page = await visitor.context.newPage();
      await page.goto(link.auth_url ?? '');
      await page.getByRole('button', { name: 'Allow' }).waitFor();
      await inDatabase(solum, "update auth_flows set expires_at = now() - interval '1 second' where user_id = $1", [
        link.user_id,
      ]);
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.getByRole('heading', { name: 'That took too long' }).waitFor();
      expect(new URL(page.url()).searchParams.get('reason')).toBe('session_expired');
      const { json } = await webhook('auth_cancelled', (about) => about.reference_id === 'slow');
      expect(json.reason).toBe('session_expired');
      await page.close();
    });

    test('connecting the same account again gives it a new user id and tells that first', async () => {
      const from = receiver.received.length;
      const link = await client().authentication.authenticateuser({
        resource: code,
        reference_id: reference,
        auth_success_redirect_url: `${appUrl}/done?step=2#top`,
      });
      const page = await visitor.context.newPage();
      await page.goto(link.auth_url ?? '');
      await allow(page, 'Yuki Tanabe');
      await page.waitForURL(`${appUrl}/**`);
      const landed = new URL(page.url());
      expect([landed.pathname, landed.hash]).toEqual(['/done', '#top']);
      expect(Object.fromEntries(landed.searchParams)).toEqual({
        step: '2',
        user_id: link.user_id,
        reference_id: reference,
        resource: code,
      });
      await page.close();

      await receiver.waitFor(({ json }, index) => index >= from && json.type === 'auth', 'auth');
      const [first, second, ...more] = receiver.received.slice(from).map(({ json }) => json);
      expect(first).toMatchObject({
        type: 'user_reauth',
        old_user: { user_id: userId, active: false },
        new_user: { user_id: link.user_id, active: true },
      });
      expect(second).toMatchObject({ type: 'auth', user: { user_id: link.user_id } });
      expect(more).toEqual([]);
      const gone = await client()
        .user.getinfoforuserid({ user_id: userId })
        .catch((error: unknown) => error);
      expect((gone as TerraError).statusCode).toBe(404);
      userId = link.user_id ?? '';
      await steps.getByText(userId, { exact: true }).waitFor();
    });

    test('the client disconnects a user, and the page shows it', async () => {
      const link = await client().authentication.authenticateuser({ resource: code, reference_id: 'short' });
      const page = await visitor.context.newPage();
      await page.goto(link.auth_url ?? '');
      await allow(page, 'Sanne de Wit');
      await page.getByRole('heading', { name: `${name} is connected` }).waitFor();
      await page.close();
      await steps.getByRole('button', { name: `Disconnect ${code} of short` }).waitFor();
      expect(await client().authentication.deauthenticateuser({ user_id: link.user_id ?? '' })).toEqual({
        status: 'success',
      });
      await webhook('deauth', ({ user }) => user?.user_id === link.user_id);
      await steps.getByRole('button', { name: `Disconnect ${code} of short` }).waitFor({ state: 'detached' });
    });

    test('disconnecting on the page deletes the user and tells the app', async () => {
      await steps.getByRole('button', { name: `Disconnect ${code} of ${reference}` }).click();
      await steps.getByText('Disconnect and delete what was kept?').waitFor();
      await look(steps, 'first-steps-disconnect');
      await steps.getByRole('button', { name: 'Disconnect', exact: true }).click();
      await webhook('deauth', ({ user }) => user?.user_id === userId);
      await steps.getByText('Nobody yet').waitFor();
      const all = (await client().user.getalluserids()) as unknown as { users: Terra.TerraUser[] };
      expect(all.users).toEqual([]);
    });

    test('every webhook was signed as the official helper expects it, and no page failed', async () => {
      for (const { text, headers } of receiver.received) {
        expect(await verifyTerraWebhookSignature(text, String(headers['terra-signature']), SIGNING_SECRET)).toBe(true);
      }
      expect(visitor.complaints).toEqual([]);
      expect(solum.log()).not.toMatch(/"level":"?(error|50)/);
    });
  },
);

test('what a receiver refused comes again under the same trace id, signed anew', async () => {
  const receiver = await startReceiver();
  const solum = await startSolum({ env: { SOLUM_WEBHOOK_URL: receiver.url } });
  const visitor = await newVisitor(browser, PHONE);
  try {
    receiver.failNext(500);
    const client = new TerraClient({ baseUrl: `${solum.url}/v2`, devId: DEV_ID, apiKey: API_KEY });
    const link = await client.authentication.authenticateuser({ resource: 'OURA', reference_id: 'twice' });
    const page = await visitor.context.newPage();
    await page.goto(link.auth_url ?? '');
    await allow(page, 'Amara Okafor');
    const first = await receiver.waitFor(() => true, 'the first try');
    await enter(page, solum.link);
    await page.getByRole('button', { name: /^auth.*Retrying/ }).waitFor();
    // The first retry follows after half a minute, and no destination can shorten that.
    const second = await receiver.waitFor((_, index) => index === 1, 'the second try', 90_000);
    expect(second.text).toBe(first.text);
    expect(second.headers['x-terra-trace-id']).toBe(first.headers['x-terra-trace-id']);
    expect(second.headers['terra-signature']).not.toBe(first.headers['terra-signature']);
    for (const { text, headers } of [first, second]) {
      expect(await verifyTerraWebhookSignature(text, String(headers['terra-signature']), SIGNING_SECRET)).toBe(true);
    }
    await page.getByRole('button', { name: /^auth.*Delivered/ }).click();
    await page.getByRole('cell', { name: '500', exact: true }).waitFor();
    await page.getByRole('cell', { name: '200', exact: true }).waitFor();
    await page.screenshot({ path: join(pictures, 'phone-retried.png'), fullPage: true });
  } finally {
    await visitor.context.close();
    await solum.stop();
    await receiver.close();
  }
});

/** Follows a one-time link and presses its button. */
async function enter(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('button', { name: 'Open first steps' }).click();
  await page.getByRole('heading', { name: 'First steps' }).waitFor();
}

/** Allows everything at the simulated provider. */
async function allow(page: Page, person: string): Promise<void> {
  await page.getByLabel(person).check();
  await page.getByRole('button', { name: 'Allow' }).click();
}

/** A statement in the running server's own database: time passes there without waiting. */
async function inDatabase(solum: RunningSolum, statement: string, values: unknown[]): Promise<void> {
  const found = await attachEmbedded({ dataDir: solum.dataDir, log: () => {} });
  if (!found) throw new Error('the embedded PostgreSQL does not run');
  const database = new pg.Client({ connectionString: found.url });
  await database.connect();
  try {
    const { rowCount } = await database.query(statement, values);
    if (!rowCount) throw new Error('nothing was changed');
  } finally {
    await database.end();
  }
}
