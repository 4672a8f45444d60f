import {
  type ConJobAdminClient,
  type ConJobClient,
  ConJobRequestError,
  createConJobAdminClient,
  createConJobClient,
  dataOf,
  waitForJob,
} from '@conjob/client';
import { TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { BUSYBOX } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const LOGIN = { username: 'ci', password: 'hush-hush:ü' };
const OPERATOR = { username: 'ops', password: 'hush-hush-hush' };
let product: Product;
let client: ConJobClient;
let admin: ConJobAdminClient;

beforeAll(async () => {
  product = await startProduct({
    AUTH_USERNAME: LOGIN.username,
    AUTH_PASSWORD: LOGIN.password,
    ADMIN_USERNAME: OPERATOR.username,
    ADMIN_PASSWORD: OPERATOR.password,
  });
  const [, adminUrl = ''] = await product.api.says(/"adminUrl":"(http:[^"]+)"/);
  client = createConJobClient({ baseUrl: `${product.url}/`, credentials: LOGIN });
  admin = createConJobAdminClient({ baseUrl: adminUrl, credentials: OPERATOR });
  await product.startWorker({ DOCKER_HOST: `unix://${inject('engineSocket')}`, WORKER_NAME: 'w' });
});
afterAll(() => product.stop());

it('submits a job, waits for its end, and deletes it', async () => {
  const body = { ...BUSYBOX, args: ['sh', '-c', 'echo "$WHAT"'], env: { WHAT: 'typed' } };
  const { id } = await dataOf(client.POST('/jobs', { body }));
  const job = await waitForJob(client, id);
  expect(job).toMatchObject({ conclusion: 'SUCCESS', exitCode: 0, output: 'typed\n' });
  const params = { path: { id } };
  await dataOf(client.DELETE('/jobs/{id}', { params }));
  await expect(waitForJob(client, id)).rejects.toMatchObject({
    name: 'ConJobRequestError',
    status: 404,
    problem: { code: 'job.not_found' },
  });
});

it('sends text and bytes as they are, and gets the run as JSON', async () => {
  const query = { image: TEST_IMAGES.busybox.tag, pull: 'never', remove: true } as const;
  const stdin = { ...query, stdin: true, arg: ['wc', '-c'] };
  const body = 'föö';
  expect(await dataOf(client.POST('/job/run', { params: { query: stdin }, body }))).toMatchObject({
    conclusion: 'SUCCESS',
    output: '5\n',
  });
  const failing = { ...query, arg: ['sh', '-c', 'exit 3'] };
  const { error, response } = await client.GET('/job/run', { params: { query: failing } });
  expect([response.status, error]).toMatchObject([400, { conclusion: 'FAILURE', exitCode: 3 }]);
});

it('tells what is wrong with a request', async () => {
  const failed = dataOf(client.POST('/jobs', { body: { image: 'UPPER', pull: 'never' } }));
  const error = await failed.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConJobRequestError);
  expect((error as ConJobRequestError).message).toContain('request.invalid: image');
});

it('speaks to the admin port, and with the token that it gets there', async () => {
  const query = { name: 'dash', role: 'read' } as const;
  const { token } = await dataOf(admin.POST('/tokens', { params: { query } }));
  const reader = createConJobClient({ baseUrl: product.url, credentials: { token } });
  expect((await dataOf(reader.GET('/workers'))).workers).toMatchObject([{ name: 'w' }]);
  const { error } = await reader.POST('/jobs', { body: BUSYBOX });
  expect(error).toMatchObject({ status: 403, code: 'auth.forbidden' });
  const limits = await dataOf(admin.POST('/tasks/config', { parseAs: 'text' }));
  expect(limits).toContain('conjob.job.limit.maxQueuedJobs=');
});

it('waits no longer than the caller does', async () => {
  const body = { ...BUSYBOX, args: ['sleep', '600'] };
  const { id } = await dataOf(client.POST('/jobs', { body }));
  const given = new AbortController();
  const waiting = waitForJob(client, id, { signal: given.signal });
  given.abort();
  await expect(waiting).rejects.toThrow('aborted');
  await dataOf(client.POST('/jobs/{id}/cancel', { params: { path: { id } } }));
  expect(await waitForJob(client, id)).toMatchObject({ conclusion: 'CANCELLED' });
});
