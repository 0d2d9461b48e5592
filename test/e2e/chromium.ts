import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const PHONE = { width: 390, height: 844 };
export const DESKTOP = { width: 1280, height: 900 };

export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
}

/** A browser of its own for one person: cookies, and everything that it complained about. */
export interface Visitor {
  context: BrowserContext;
  /** Scripts that failed and what a policy blocked. */
  complaints: string[];
}

export async function newVisitor(browser: Browser, viewport: { width: number; height: number }): Promise<Visitor> {
  const context = await browser.newContext({ viewport, reducedMotion: 'reduce', locale: 'en-GB' });
  context.setDefaultTimeout(60_000);
  const complaints: string[] = [];
  context.on('weberror', (error) => complaints.push(error.error().message));
  context.on('console', (message) => {
    const isOfNetwork = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isOfNetwork) complaints.push(message.text());
  });
  return { context, complaints };
}

/** What is wrong with the page as it is shown, in light and in dark: broken rules of axe, and a page that is too wide. */
export async function troubles(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations }: AxeResults = await page.evaluate(
      // biome-ignore lint/suspicious/noExplicitAny: axe is a global of the page that its script made.
      (rules) => (globalThis as any).axe.run({ runOnly: rules }),
      RULES,
    );
    for (const { id, nodes } of violations) {
      found.push(...nodes.map((node) => `${id} (${colorScheme}): ${node.html}`));
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  const excess = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  if (Number(excess) > 0) found.push(`${excess} px wider than the screen`);
  return found;
}

/** A folder for pictures of this run: the one that `SOLUM_SCREENSHOTS` names, else a new one outside the repository. */
export function pictureFolder(): string {
  const named = process.env.SOLUM_SCREENSHOTS;
  if (named) mkdirSync(named, { recursive: true });
  return named ?? mkdtempSync(join(tmpdir(), 'solum-pictures-'));
}
