import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { reportToHtml } from '../../lib/report-output/html/page.js';
import type { RunningReport, ShutdownReport } from '../../lib/report/shutdown-report.js';
import { manyTasks, phase, report, task, troubled, unfinished } from '../report/reports.js';
import { describeInChromium, launch } from './chromium.js';

import.meta.jest.setTimeout(60_000);

const PAGES = resolve('build/pages');
const SCREENSHOTS = resolve('build/screenshots');
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

const LONG = 'VeryLongNameWithoutAnyPlaceToBreakIt'.repeat(8);

const REPORTS: Readonly<Record<string, ShutdownReport | RunningReport>> = {
  troubled,
  clean: report([
    phase('unready', { durationMs: 500, tasks: [task('shutdownDelay', { durationMs: 500 })] }),
    phase('drain', {
      startMs: 500,
      durationMs: 468,
      tasks: [task('HttpDrain', { startMs: 501, durationMs: 467 })],
    }),
    phase('close', { startMs: 968, durationMs: 20, tasks: [task('Database.close', { startMs: 968 })] }),
  ]),
  forced: { ...unfinished, endedBy: { kind: 'escalation', atMs: 3_404, signal: 'SIGINT' } },
  unfinished,
  many: manyTasks(300),
  empty: report([]),
  long: report(
    [
      phase(LONG, {
        outcome: 'failed',
        tasks: [
          task(LONG, {
            outcome: 'failed',
            error: new Error(LONG, { cause: LONG }),
            inFlight: [{ name: LONG, ageMs: 31_000_000 }],
          }),
        ],
      }),
    ],
    { outcome: 'failed' },
  ),
};

interface Look {
  readonly viewport: typeof PHONE;
  readonly colorScheme: 'light' | 'dark';
}

const LOOKS: Readonly<Record<string, Look>> = {
  'phone-light': { viewport: PHONE, colorScheme: 'light' },
  'phone-dark': { viewport: PHONE, colorScheme: 'dark' },
  'desktop-light': { viewport: DESKTOP, colorScheme: 'light' },
  'desktop-dark': { viewport: DESKTOP, colorScheme: 'dark' },
};

/** One report in every look shows the colours; the others show their widths. */
function looksOf(name: string): readonly (readonly [string, Look])[] {
  const looks = Object.entries(LOOKS);
  return name === 'troubled'
    ? looks
    : looks.filter(([look]) => ['phone-dark', 'desktop-light'].includes(look));
}

/** The page of a report in a browser without JavaScript, with what it complained of and asked for. */
async function open(browser: Browser, name: string, look: Look) {
  mkdirSync(PAGES, { recursive: true });
  const file = `${PAGES}/${name}.html`;
  writeFileSync(file, reportToHtml(REPORTS[name] ?? report([])));
  const page = await browser.newPage({ ...look, javaScriptEnabled: false });
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  const url = pathToFileURL(file).href;
  await page.goto(url);
  return { page, url, complaints, requests: requests.filter((each) => !each.startsWith('data:')) };
}

/** How far the page is wider than its window. */
async function overflow(page: Page): Promise<number> {
  // The browser is asked from outside: the page itself runs no script.
  const width: unknown = await page.evaluate('document.documentElement.scrollWidth');
  return Number(width) - (page.viewportSize()?.width ?? 0);
}

describeInChromium('the page of a report in Chromium, without JavaScript', () => {
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    browser = await launch();
  });
  afterAll(() => browser?.close());
  afterEach(() => Promise.all(browser.contexts().map((context) => context.close())));

  describe.each(Object.keys(REPORTS))('%s', (name) => {
    test.each(looksOf(name))(
      'is shown whole, without a complaint or a request: %s',
      async (lookName, look) => {
        const { page, url, complaints, requests } = await open(browser, name, look);
        for (const line of await page.locator('details.matters > summary').all()) await line.click();
        // For eyes alone, and half of the time of this suite.
        if (process.env['CI'] === undefined)
          await page.screenshot({ path: `${SCREENSHOTS}/${name}-${lookName}.png`, fullPage: true });
        expect({ complaints, requests }).toEqual({ complaints: [], requests: [url] });
        expect(await overflow(page)).toBe(0);
        expect(await page.locator('h1').isVisible()).toBe(true);
      },
    );
  });

  test('a task opens on click to its error and to what was in flight, and closes again', async () => {
    const { page } = await open(browser, 'troubled', { viewport: PHONE, colorScheme: 'light' });
    const work = page.getByText('GET /orders/:id');
    const drain = page.locator('details.task > summary', { hasText: 'HttpDrain' }).last();
    expect(await work.isVisible()).toBe(false);
    await drain.click();
    expect(await work.isVisible()).toBe(true);
    await drain.click();
    expect(await work.isVisible()).toBe(false);
  });

  test('a task opens by the keyboard', async () => {
    const { page } = await open(browser, 'troubled', { viewport: DESKTOP, colorScheme: 'light' });
    await page.locator('details.task > summary', { hasText: 'Broker.consume' }).focus();
    await page.keyboard.press('Enter');
    expect(await page.getByText('connect ECONNREFUSED 127.0.0.1:5672').isVisible()).toBe(true);
  });

  test('a link of the summary opens its task', async () => {
    const { page } = await open(browser, 'troubled', { viewport: DESKTOP, colorScheme: 'light' });
    await page.getByRole('link', { name: 'Broker.consume' }).click();
    const cause = page.getByText('connect ECONNREFUSED 127.0.0.1:5672');
    await cause.waitFor({ state: 'visible' });
    expect(await cause.isVisible()).toBe(true);
  });

  test('on paper, what matters is open and the rest is not', async () => {
    const { page } = await open(browser, 'troubled', { viewport: DESKTOP, colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await page.getByText('GET /orders/:id').isVisible()).toBe(true);
    expect(await page.getByText('Started 1 000').count()).toBe(0);
    expect(await page.locator('details.is-completed .body').first().isVisible()).toBe(false);
    await page.screenshot({ path: `${SCREENSHOTS}/troubled-print.png`, fullPage: true });
  });

  test('each outcome has a word, and what is read aloud has the structure of the report', async () => {
    const { page } = await open(browser, 'troubled', { viewport: PHONE, colorScheme: 'light' });
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toMatch(/^Shut down with timeouts in /);
    expect(await page.getByRole('heading', { level: 3 }).count()).toBe(troubled.phases.length);
    for (const word of ['failed', 'timed-out, abandoned', 'timed-out, late', 'skipped']) {
      expect(await page.locator('.badge', { hasText: word }).first().isVisible()).toBe(true);
    }
  });
});
