import { listContainers, pushImage, startTestRegistry, TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { query, until } from '../support/http.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket'), networkPath: inject('engineNetwork') };
const { busybox, echo } = TEST_IMAGES;
let product: Product;

beforeAll(async () => {
  product = await startProduct();
  await product.startWorker({ DOCKER_HOST: `unix://${engine.socketPath}`, WORKER_NAME: 'bad-1' });
});
// A container that any of these left behind keeps this from ending.
afterAll(async () => {
  // Containers are removed after the answer: it must not wait for that.
  await until(
    async () =>
      (await listContainers(engine)).filter(({ labels }) => labels['conjob.worker'] === 'bad-1'),
    (left) => left.length === 0,
  );
  await product.stop();
});

const good = query(echo.tag);
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const post = (body: string): RequestInit => ({ method: 'POST', body });

/** What is asked, with which status and code it is refused, and what the sentence must name. */
const REQUESTS: readonly [string, string, RequestInit, number, RegExp][] = [
  ['a missing image', '/jobs', post(''), 400, /image/],
  ['an empty image', '/jobs?image=', post(''), 400, /image/],
  ['a malformed image', '/jobs?image=Not%20An%20Image', post(''), 400, /image/],
  ['an image of 300 characters', `/jobs?image=${'a'.repeat(300)}`, post(''), 400, /255/],
  [
    'an unknown pull policy',
    '/jobs?image=a&pull=sometimes',
    post(''),
    400,
    /always, absent, never/,
  ],
  ['an unknown parameter', `/jobs?${good}&tiemout=3`, post(''), 400, /tiemout/],
  ['a timeout of 0', `/jobs?${good}&timeout=0`, post(''), 400, /timeout/],
  ['a negative timeout', `/jobs?${good}&timeout=-1`, post(''), 400, /timeout/],
  ['a huge timeout', `/jobs?${good}&timeout=99999999999999999999`, post(''), 400, /timeout/],
  ['a timeout that is no number', `/jobs?${good}&timeout=soon`, post(''), 400, /timeout/],
  ['a boolean that is none', `/jobs?${good}&remove_image=maybe`, post(''), 400, /remove_image/],
  ['a NUL in the argument', `/jobs?${good}`, post('a\0b'), 400, /NUL/],
  ['an argument over 128 KiB', `/jobs?${good}`, post('x'.repeat(131_072)), 413, /stdin=true/],
  [
    'a body over the limit',
    `/jobs?${good}&stdin=true`,
    post('x'.repeat(10_485_761)),
    413,
    /MAX_INPUT|10485760/,
  ],
  ['JSON that is none', '/jobs', json('{"image":'), 400, /JSON/],
  ['JSON that is no object', '/jobs', json('[]'), 400, /object/],
  ['an unknown field', '/jobs', json({ image: 'a', imgae: 'b' }), 400, /imgae/],
  ['a wrong type', '/jobs', json({ image: 'a', args: 'x' }), 400, /args/],
  ['a wrong type inside', '/jobs', json({ image: 'a', args: ['x', 1] }), 400, /args\[1\]/],
  [
    'too little memory',
    '/jobs',
    json({ image: 'a', resources: { memoryBytes: 1 } }),
    400,
    /resources\.memoryBytes/,
  ],
  ['negative CPUs', '/jobs', json({ image: 'a', resources: { cpus: -1 } }), 400, /resources\.cpus/],
  ['a NUL in a JSON argument', '/jobs', json({ image: 'a', args: ['x\u0000'] }), 400, /args\[0\]/],
  ['an unknown id', '/jobs/j_01ARZ3NDEKTSV4RRFFQ69G5FAV', {}, 404, /j_01ARZ3NDEKTSV4RRFFQ69G5FAV/],
  ['an id that is none', '/jobs/..%2Fetc', {}, 404, /./],
  ['an unknown path', '/nowhere', {}, 404, /nowhere/],
  ['a wrong method', '/jobs', { method: 'PUT' }, 405, /GET/],
];

describe('requests', () => {
  it.each(REQUESTS)(
    'refuses %s as a problem, in one sentence',
    async (_what, path, init, status, names) => {
      const response = await fetch(`${product.url}${path}`, init);
      const body = await response.text();
      expect({ status: response.status, body }).toMatchObject({ status });
      expect(response.headers.get('content-type')).toContain('application/problem+json');
      expect(body).toMatch(names);
      expect(body).not.toMatch(/\bat .*\.(ts|js):\d+/);
      const problem = JSON.parse(body) as Record<string, unknown>;
      expect(problem).toMatchObject({
        status,
        code: expect.any(String),
        title: expect.any(String),
      });
    },
  );

  it('tells a text client of /job/run the same in one line', async () => {
    const response = await fetch(`${product.url}/job/run?image=Not%20An%20Image`);
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(await response.text()).toMatch(/^[^\n]*image[^\n]*\n$/);
  });

  it('refuses to cancel a finished job', async () => {
    const id = (await fetch(`${product.url}/job/run?${good}`)).headers.get('conjob-job-id');
    const response = await fetch(`${product.url}/jobs/${id}/cancel`, { method: 'POST' });
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({ code: 'job.finished' });
  });
});

describe('jobs that can not run', () => {
  const conclude = async (parameters: Record<string, string>, image: string, extra = '') => {
    const response = await fetch(`${product.url}/job/run?${query(image, parameters)}${extra}`, {
      headers: { accept: 'application/json' },
    });
    const { id, conclusion, exitCode } = (await response.json()) as Record<string, unknown>;
    const job = (await (await fetch(`${product.url}/jobs/${id}`)).json()) as {
      error: { code: string } | null;
    };
    return { status: response.status, conclusion, exitCode, code: job.error?.code };
  };

  it('says that an image is not here and may not be fetched', async () => {
    expect(await conclude({}, 'conjob-test/none')).toEqual({
      status: 404,
      conclusion: 'NOT_FOUND',
      exitCode: -1,
      code: 'image.not_local',
    });
  });

  it('says that the image lacks the command', async () => {
    expect(await conclude({}, busybox.tag, '&arg=no-such-command')).toEqual({
      status: 400,
      conclusion: 'FAILURE',
      exitCode: 127,
      code: 'run.command_not_found',
    });
  });

  it('says that the command can not be executed', async () => {
    expect(await conclude({}, busybox.tag, '&arg=/etc')).toEqual({
      status: 400,
      conclusion: 'FAILURE',
      exitCode: 126,
      code: 'run.not_executable',
    });
  });

  it('says that the registry refuses the connection', async () => {
    expect(await conclude({ pull: 'always' }, '127.0.0.1:1/nothing')).toEqual({
      status: 404,
      conclusion: 'NOT_FOUND',
      exitCode: -1,
      code: 'registry.unreachable',
    });
  });

  it('says that the registry has no such image, and runs one that it has', async () => {
    const registry = await startTestRegistry(engine);
    try {
      const { reference } = await pushImage(engine, echo.tag, registry, 'acme/tool:1');
      expect(await conclude({ pull: 'always' }, `${registry.host}/acme/other:1`)).toMatchObject({
        status: 404,
        code: 'image.not_found',
      });
      expect(await conclude({ pull: 'always', remove_image: 'true' }, reference)).toMatchObject({
        status: 200,
        conclusion: 'SUCCESS',
      });
    } finally {
      await registry.stop();
    }
  });

  it('says that the registry wants a login', async () => {
    const registry = await startTestRegistry(engine, {
      login: { username: 'someone', password: 'secret' },
    });
    try {
      const image = `${registry.host}/acme/private:1`;
      expect(await conclude({ pull: 'always' }, image)).toMatchObject({
        status: 404,
        conclusion: 'NOT_FOUND',
        code: 'image.unauthorized',
      });
    } finally {
      await registry.stop();
    }
  });

  it('still runs a good job after all of these', async () => {
    const response = await fetch(`${product.url}/job/run?${query(echo.tag)}&arg=fine`);
    expect(await response.text()).toBe('fine\n');
  });
});
