import { connectPatient, disconnect } from '@conjob/shared';
import { TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { getJson, query, until } from '../support/http.ts';
import { loginUrl } from '../support/redis-logins.ts';
import { launch, type ProductProcess } from '../support/start-process.ts';
import { type Product, startProduct } from './support/product.ts';

const ROLES = ['api', 'worker'] as const;
const DOCKER_HOST = `unix://${inject('engineSocket')}`;

let product: Product;
let oldWorker: ProductProcess;
const started: ProductProcess[] = [];

beforeAll(async () => {
  product = await startProduct();
  oldWorker = await product.startWorker({ DOCKER_HOST, WORKER_NAME: 'old' });
});
afterAll(async () => {
  for (const one of started.reverse()) {
    expect(await one.stop()).toBe(0);
    one.forget();
  }
  await product?.stop();
});

const oldUrl = (role: (typeof ROLES)[number]) => loginUrl(product.redis, role);
const newUrl = (role: (typeof ROLES)[number]) => {
  const url = new URL(oldUrl(role));
  url.password = `next-password-of-${role}`;
  return url.href;
};

/** What an operator says to Redis of each user, to `rules` of its old and new password. */
async function setUsers(rules: (old: string, next: string) => readonly string[]): Promise<void> {
  const admin = connectPatient(product.redis.url);
  for (const role of ROLES) {
    const passwords = [oldUrl(role), newUrl(role)].map((url) => new URL(url).password);
    await admin.call('ACL', 'SETUSER', role, ...rules(...(passwords as [string, string])));
  }
  await disconnect(admin);
}

async function login(url: string): Promise<string> {
  const { username, password } = new URL(url);
  const redis = connectPatient(product.redis.url);
  try {
    return await redis.auth(username, password);
  } catch (error) {
    return (error as Error).message;
  } finally {
    await disconnect(redis);
  }
}

it('a password is changed while jobs come and run, and none of them is lost', async () => {
  let url = product.url;
  let goesOn = true;
  const ids: string[] = [];
  const callers = (async () => {
    while (goesOn) {
      const job = await getJson(`${url}/jobs?${query(TEST_IMAGES.busybox.tag)}&arg=sleep&arg=0.2`, {
        method: 'POST',
      });
      ids.push(String(job['id']));
      await getJson(`${url}/jobs/${job['id']}?wait=1`);
    }
  })();
  const more = () => {
    const before = ids.length;
    return until(
      async () => ids.length,
      (count) => count > before + 1,
    );
  };

  await more();
  await setUsers((_, next) => [`>${next}`]);
  await more();
  expect(await login(oldUrl('api'))).toBe('OK');

  const env = { PORT: '0', ADMIN_PORT: '0', JOB_NETWORK: 'none' };
  const api = launch('api', { ...env, REDIS_URL: newUrl('api') });
  started.push(api);
  const [, newApi = ''] = await api.says(/"url":"(http:[^"]+)"/);
  url = newApi;
  await more();
  const worker = launch('worker', { REDIS_URL: newUrl('worker'), DOCKER_HOST, WORKER_NAME: 'new' });
  started.push(worker);
  await worker.says(/worker is ready/);
  expect(await oldWorker.stop()).toBe(0);
  expect(await product.api.stop()).toBe(0);
  await more();

  await setUsers((old) => [`<${old}`]);
  await more();
  goesOn = false;
  await callers;
  for (const role of ROLES) {
    expect(await login(oldUrl(role))).toMatch(/WRONGPASS/);
    expect(await login(newUrl(role))).toBe('OK');
  }
  for (const id of ids) {
    const job = await getJson(`${url}/jobs/${id}?wait=60`);
    expect(job).toMatchObject({ conclusion: 'SUCCESS', attempts: [{ number: 1 }] });
  }
  const admin = connectPatient(product.redis.url);
  await admin.acl('LOG', 'RESET'); // of the logins that this test had refused
  await disconnect(admin);
});
