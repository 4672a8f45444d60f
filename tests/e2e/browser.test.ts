import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createConJobClient, dataOf } from '@conjob/client';
import { TEST_IMAGES } from '@conjob/testkit';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startBrowser } from '../support/browser.ts';
import { type Product, startProduct } from './support/product.ts';

const LOGIN = { username: 'ci', password: 'hush-hush:ü' };
let product: Product;
let browser: Browser;

beforeAll(async () => {
  product = await startProduct({
    AUTH_USERNAME: LOGIN.username,
    AUTH_PASSWORD: LOGIN.password,
  });
  await product.startWorker({ DOCKER_HOST: `unix://${inject('engineSocket')}`, WORKER_NAME: 'w' });
  browser = await startBrowser();
});
afterAll(async () => {
  await browser?.close();
  await product?.stop();
});

const client = () => createConJobClient({ baseUrl: product.url, credentials: LOGIN });
const listJobs = async () => (await dataOf(client().GET('/jobs'))).jobs;

/** A page, the origins of all that it asked for, and what its policy refused. */
async function openPage(): Promise<{ page: Page; origins: Set<string>; refused: string[] }> {
  const page = await browser.newPage();
  const origins = new Set<string>();
  const refused: string[] = [];
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  page.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) refused.push(message.text());
  });
  return { page, origins, refused };
}

it('/docs asks for credentials, shows the API, runs what is tried, and speaks to nobody else', async () => {
  const { page, origins, refused } = await openPage();
  await page.goto(`${product.url}/docs`);
  await page.fill('#username', LOGIN.username);
  await page.fill('#password', 'wrong');
  await page.click('#login button');
  await page.waitForSelector('#problem:not(:empty)');
  await page.fill('#password', LOGIN.password);
  await page.click('#login button');

  const run = page.locator('.opblock[id$="-runJob"]');
  await run.locator('.opblock-summary-control').click();
  const fill = (name: string, text: string) =>
    run.locator(`tr[data-param-name="${name}"] input`).last().fill(text);
  await fill('image', TEST_IMAGES.busybox.tag);
  await run.locator('tr[data-param-name="pull"] select').selectOption('never');
  await run.locator('tr[data-param-name="remove"] select').selectOption('true');
  await run.locator('tr[data-param-name="arg"] .json-schema-form-item-add').click();
  await fill('arg', 'hostname');
  await run.locator('button.execute').click();
  const answer = run.locator('.live-responses-table .response').first();
  await answer.waitFor();
  expect(await answer.locator('.response-col_status').innerText()).toContain('200');
  expect(await listJobs()).toMatchObject([{ conclusion: 'SUCCESS', state: 'finished' }]);
  expect([...origins].filter((origin) => origin !== 'null')).toEqual([product.url]);
  expect(refused).toEqual([]);
  await page.close();
});

it('the policy of /docs refuses what is not its own', async () => {
  const { page, refused } = await openPage();
  await page.goto(`${product.url}/docs`);
  await page.evaluate(`fetch('http://127.0.0.1:1/').catch(() => {})`);
  await expect.poll(() => refused.join()).toContain('connect-src');
  await page.close();
});

it('a page of another origin starts no job, whatever way it asks', async () => {
  const before = (await listJobs()).length;
  const query = `image=${TEST_IMAGES.busybox.tag}&pull=never`;
  // The browser knows the login, as if its user had typed it in before.
  const login = Buffer.from(`${LOGIN.username}:${LOGIN.password}`).toString('base64');
  const server = await servePage(`
    <iframe name="nowhere"></iframe>
    <form method="post" target="nowhere" action="${product.url}/jobs?${query}&arg=form"></form>
    <img src="${product.url}/job/run?${query}&arg=image">
    <script>
      const options = { mode: 'no-cors', credentials: 'include' };
      document.forms[0].submit();
      Promise.allSettled([
        fetch('${product.url}/job/run?${query}&arg=fetch', options),
        fetch('${product.url}/jobs?${query}&arg=post', { ...options, method: 'POST' }),
        fetch('${product.url}/jobs?${query}&arg=asked-first', { method: 'POST', headers: { 'Content-Type': 'application/json' } }),
      ]).then(() => { document.title = 'asked'; });
    </script>`);
  const context = await browser.newContext({
    extraHTTPHeaders: { Authorization: `Basic ${login}` },
  });
  try {
    const page = await context.newPage();
    const answers = new Map<string, number>();
    page.on('response', (response) => {
      const way = new URL(response.url()).searchParams.get('arg');
      if (way !== null) answers.set(way, response.status());
    });
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction(`document.title === 'asked'`);
    // Of the picture the browser tells no status.
    const refused = { form: 403, fetch: 403, post: 403 };
    await expect.poll(() => Object.fromEntries(answers)).toMatchObject(refused);
    expect(await listJobs()).toHaveLength(before);
  } finally {
    await context.close();
    server.close();
    server.closeAllConnections();
  }
});

async function servePage(body: string): Promise<Server> {
  const server = createServer((_request, response) => {
    response.setHeader('Content-Type', 'text/html').end(`<!doctype html>${body}`);
  });
  await once(server.listen(0, 'localhost'), 'listening');
  return server;
}
