import { ensureBinaries, run } from '@conjob/provision';
import chromium from '@sparticuz/chromium';
import { type Browser, chromium as playwright } from 'playwright-core';

/** A real browser. It comes with the packages of the tests, but for one library. */
export async function startBrowser(): Promise<Browser> {
  const libraries = await run('ldconfig', ['-p']);
  if (!libraries.includes('libnss3.so')) await ensureBinaries(['certutil']);
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    args: ['--no-sandbox', '--headless=shell', '--disable-background-networking'],
  });
}
