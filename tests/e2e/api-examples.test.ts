import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ensureBinaries } from '@conjob/provision';
import { generateKeys } from '@conjob/shared';
import { type TempFolder, tempFolder } from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { Masks } from './support/masks.ts';
import { type Product, startProduct } from './support/product.ts';

const PAGE = resolve(import.meta.dirname, '../../docs/api.md');
const HEADING = '## Every endpoint\n';
const run = promisify(execFile);

let keys: TempFolder;
let product: Product;
let adminUrl: string;

beforeAll(async () => {
  keys = tempFolder();
  await generateKeys(keys.path);
  product = await startProduct({ SECRET_KEYS_DIR: keys.path, JOB_LIMIT_KILL_TIMEOUT: '10' });
  [, adminUrl = ''] = await product.api.says(/"adminUrl":"([^"]+)"/);
  await product.startWorker({
    DOCKER_HOST: `unix://${inject('engineSocket')}`,
    WORKER_NAME: 'w1',
    WORKER_CONCURRENCY: '4',
    CONTAINER_RUNTIME: 'default',
  });
});
afterAll(async () => {
  await product?.stop();
  keys?.remove();
});

// `pnpm examples` writes the page, by this test with --update.
it('each line of docs/api.md, Every endpoint, answers what stands there', async () => {
  const page = readFileSync(PAGE, 'utf8');
  const [before = '', rest = ''] = page.split(HEADING);
  const end = rest.indexOf('\n## ') + 1;
  const { curl } = await ensureBinaries(['curl']);
  const masks = new Masks({ '8080': product.url, '8081': adminUrl });
  const lines: string[] = [];
  let isExample = false;
  for (const line of rest.slice(0, end).split('\n')) {
    if (line.startsWith('```')) isExample = line === '```console';
    if (!isExample || line.startsWith('```')) lines.push(line);
    else if (line.startsWith('$ ')) {
      const env = { PATH: `${dirname(curl)}:/usr/bin:/bin` };
      // What curl says of its progress is on the other stream.
      const { stdout } = await run('sh', ['-c', masks.real(line.slice(2))], { env });
      lines.push(line, ...masks.shown(stdout));
    }
  }
  const written = `${before}${HEADING}${lines.join('\n')}${rest.slice(end)}`;
  await expect(written).toMatchFileSnapshot(PAGE);
});
