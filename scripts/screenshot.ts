// Makes docs/images/first-steps.png: the first-steps page of a real server with two people connected in a real browser.
// Needs Chromium at /usr/bin/chromium and the ports 3000 and 4000: `npx tsx scripts/screenshot.ts`.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { launchChromium, newVisitor } from '../test/e2e/chromium.ts';
import { type RunningSolum, startSolum } from '../test/e2e/running-solum.ts';

const PICTURE = fileURLToPath(new URL('../docs/images/first-steps.png', import.meta.url));
const PORT = 3000;
const RECEIVER_PORT = 4000;
const SIZE = { width: 1280, height: 1180 };
const MARGIN = 20;

const receiver = createServer((_request, response) => response.end('ok')).listen(RECEIVER_PORT, '127.0.0.1');
const solum = await startSolum({ port: PORT });
const browser = await launchChromium();
try {
  const devId = await environment(solum);
  const { context } = await newVisitor(browser, SIZE);
  const page = await context.newPage();
  await page.goto(solum.link);
  await page.getByRole('button', { name: 'Open first steps' }).click();
  await page.goto(`${solum.url}/?env=${devId}`);
  await connect(page, 'runner-1042', 'Oura', 'Amara Okafor');
  await connect(page, 'runner-2077', 'Withings');
  await connect(page, 'runner-2077', 'Withings', 'Mateo Quispe');
  await page.getByText('Delivered', { exact: true }).nth(2).waitFor();
  await page.mouse.move(0, 0);
  const events = await page.getByRole('region', { name: 'See events' }).boundingBox();
  const height = Math.ceil((events?.y ?? 0) + (events?.height ?? 0)) + MARGIN;
  await page.screenshot({ path: PICTURE, fullPage: true, clip: { x: 0, y: 0, width: SIZE.width, height } });
  process.stdout.write(`${PICTURE}\n`);
} finally {
  await browser.close();
  await solum.stop();
  receiver.close();
}

/** An environment as a developer would name it, with a webhook. Answers its dev-id. */
async function environment(running: RunningSolum): Promise<string> {
  const made = await running.run('env', 'create', 'Aurora Running');
  const { dev_id: devId } = made.json as { dev_id: string };
  const url = `http://localhost:${RECEIVER_PORT}/webhooks/health`;
  await running.run('destination', 'add', 'webhook', '--env', devId, '--url', url);
  return devId;
}

/** Connects a simulated person; without one, the answer at the provider is no. */
async function connect(page: Page, reference: string, source: string, person?: string): Promise<void> {
  await page.getByLabel('Reference id').fill(reference);
  const opened = page.context().waitForEvent('page');
  await page.getByRole('button', { name: /^Connect a test user/ }).click();
  const tab = await opened;
  await tab.getByRole('button', { name: `Connect ${source}` }).click();
  if (person) await tab.getByLabel(person).check();
  await tab.getByRole('button', { name: person ? 'Allow' : 'Deny' }).click();
  await tab.getByRole('heading', { name: person ? `${source} is connected` : 'Nothing was connected' }).waitFor();
  await tab.close();
}
