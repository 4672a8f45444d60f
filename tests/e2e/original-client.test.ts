import { createHash } from 'node:crypto';
import { listVolumes, pushImage, startTestRegistry, TEST_IMAGES } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { launch } from '../support/start-process.ts';
import { type Product, startProduct } from './support/product.ts';

const engine = { socketPath: inject('engineSocket'), networkPath: inject('engineNetwork') };
const { busybox, echo } = TEST_IMAGES;
let product: Product;
let adminUrl: string;

beforeAll(async () => {
  product = await startProduct();
  const [, url = ''] = await product.api.says(/"adminUrl":"(http:[^"]+)"/);
  adminUrl = url;
  const env = { DOCKER_HOST: `unix://${engine.socketPath}`, WORKER_NAME: 'original-1' };
  await product.startWorker(env);
});
afterAll(async () => {
  await product.stop();
});

/** As curl sends a body: a form, whatever is in it. */
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_ONLY = { accept: 'application/json' };
const run = (query: string, init?: RequestInit) => fetch(`${product.url}/job/run?${query}`, init);
const LOCAL = 'pull=never&remove=true';
const script = (text: string) => `arg=sh&arg=-c&arg=${encodeURIComponent(text)}`;

describe('a client of the original works unchanged', () => {
  it('runs an image without input by GET and by POST, and prints what it printed', async () => {
    for (const method of ['GET', 'POST']) {
      const answer = await run(`image=${busybox.tag}&${LOCAL}&${script('echo hello')}`, { method });
      expect([answer.status, await answer.text()]).toEqual([200, 'hello\n']);
      expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    }
  });

  it.each([
    ['as a form', 'foobar', FORM],
    ['that looks like a form', 'a=1&b=%20+c', FORM],
    ['that looks like JSON', '{"image": "other"}', { 'content-type': 'application/json' }],
    ['of several lines and scripts', 'zwei\nZeilen „ä“ 日本 🙂', {}],
  ])('hands over the body %s as the one argument', async (_, body, headers) => {
    const answer = await run(`image=${echo.tag}&${LOCAL}`, { method: 'POST', body, headers });
    expect([answer.status, await answer.text()]).toEqual([200, `${body}\n`]);
  });

  it('takes every parameter of the original, in any case', async () => {
    const query = `image=${echo.tag}&pull=NEVER&remove=TRUE&remove_image=False&use_docker_cache=false`;
    const answer = await run(query, { method: 'POST', body: 'x' });
    expect([answer.status, await answer.text()]).toEqual([200, 'x\n']);
  });

  it.each([
    ['SUCCESS', 200, 0, 'Job run successful.', 'out\n', script('echo out')],
    ['FAILURE', 400, 3, 'Job run failed.', 'out\n', script('echo out; exit 3')],
    [
      'TIMED_OUT',
      408,
      -1,
      'Job exceeded maximum allowed duration.',
      'out\n',
      `${script("trap '' TERM; echo out; while :; do sleep 0.1; done")}&timeout=1`,
    ],
  ])(
    'learns of %s by status and JSON',
    async (conclusion, status, exitCode, message, output, of) => {
      const answer = await run(`image=${busybox.tag}&${LOCAL}&${of}`, { headers: JSON_ONLY });
      expect(answer.status).toBe(status);
      expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
      const body = (await answer.json()) as object;
      expect(body).toMatchObject({ conclusion, exitCode, message, output, id: expect.any(String) });
    },
  );

  it('sees a job that can not start as failed, at once, and not as out of time', async () => {
    const query = `image=${busybox.tag}&${LOCAL}&arg=no-such-command`;
    const answer = await run(query, { headers: JSON_ONLY });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ conclusion: 'FAILURE', exitCode: 127 });
  });

  it('finds each header it knows, and its trace id again', async () => {
    const trace = '463ac35c9f6413ad';
    const answer = await run(`image=${busybox.tag}&${LOCAL}&${script('true')}`, {
      headers: { 'x-b3-traceid': trace },
    });
    expect(answer.headers.get('x-b3-traceid')).toBe(trace);
    expect(answer.headers.get('conjob-job-id')).toMatch(/^j_/);
    for (const part of ['queue', 'pull', 'create', 'run']) {
      expect(answer.headers.get('server-timing')).toContain(`${part};dur=`);
    }
  });

  it('gets characters whole, however the container writes their bytes', async () => {
    // One byte at a time: each is a frame of its own.
    const bytes = [...Buffer.from('ä日🙂')].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
    const slowly = bytes.map((byte) => `printf '${byte}'; sleep 0.05`).join('; ');
    const query = `image=${busybox.tag}&${LOCAL}&${script(slowly)}`;
    expect(await (await run(query)).text()).toBe('ä日🙂');
    expect(await (await run(query, { headers: JSON_ONLY })).json()).toMatchObject({
      output: 'ä日🙂',
    });
  });

  it('pings the admin port', async () => {
    const answer = await fetch(`${adminUrl}/ping`);
    expect([answer.status, (await answer.text()).trim()]).toEqual([200, 'pong']);
  });
});

describe('the Docker cache of an image', () => {
  const hash = createHash('sha256').update(`docker.io/${busybox.tag}`).digest('hex').slice(0, 8);
  const short = `conjob-docker-cache-${busybox.tag.replace(/[/:]/g, '-')}`;
  const volume = `${short}-${hash}`;
  const cached = (text: string) =>
    run(`image=${busybox.tag}&${LOCAL}&use_docker_cache=true&${script(text)}`);
  const remove = async (...ids: string[]) => {
    const query = ids.map((id) => `id=${id}`).join('&');
    const answer = await fetch(`${adminUrl}/tasks/docker/volume/rm?${query}`, { method: 'POST' });
    return { status: answer.status, body: await answer.json() };
  };

  it('stays from run to run, and goes when an operator removes it by its short name', async () => {
    expect(await (await cached('echo kept > /var/lib/docker/x')).text()).toBe('');
    expect(await (await cached('cat /var/lib/docker/x')).text()).toBe('kept\n');
    expect(await listVolumes(engine.socketPath, volume)).toEqual([volume]);
    const { status, body } = await remove(short, 'no-such-volume');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      complete: true,
      workers: [
        {
          worker: 'original-1',
          answered: true,
          volumes: [
            { id: short, volume, outcome: 'removed' },
            { id: 'no-such-volume', outcome: 'absent' },
          ],
        },
      ],
    });
    expect(await listVolumes(engine.socketPath, volume)).toEqual([]);
  });
});

describe('an image of a registry', () => {
  it('runs by tag and by digest, tells the digest that ran, and each way to lack it apart', async () => {
    const [open, locked] = await Promise.all([
      startTestRegistry(engine),
      startTestRegistry(engine, { login: { username: 'someone', password: 'secret' } }),
    ]);
    try {
      const image = await pushImage(engine, echo.tag, open, 'acme/tool:1');
      const digest = image.digestReference.split('@')[1];
      const jobOf = async (reference: string) => {
        const answer = await run(`image=${reference}&remove=true&remove_image=true`, {
          method: 'POST',
          body: 'x',
        });
        const id = answer.headers.get('conjob-job-id');
        const job = await (await fetch(`${product.url}/jobs/${id}`)).json();
        return { status: answer.status, ...(job as { error: { code: string } | null }) };
      };
      for (const reference of [image.reference, image.digestReference]) {
        expect(await jobOf(reference)).toMatchObject({ status: 200, imageDigest: digest });
      }
      const missing: [string, string][] = [
        [`${open.host}/acme/tool:2`, 'image.not_found'],
        [`${open.host}/acme/other:1`, 'image.not_found'],
        [`${open.host}/acme/tool@sha256:${'0'.repeat(64)}`, 'image.not_found'],
        [`${locked.host}/acme/tool:1`, 'image.unauthorized'],
        ['127.0.0.1:1/acme/tool:1', 'registry.unreachable'],
      ];
      for (const [reference, code] of missing) {
        expect(await jobOf(reference)).toMatchObject({ status: 404, error: { code } });
      }
    } finally {
      await Promise.all([open.stop(), locked.stop()]);
    }
  });
});

describe('a worker that is set up wrongly', () => {
  it.each([
    [{ CONTAINER_RUNTIME: 'no-such-runtime' }, /CONTAINER_RUNTIME: .*no-such-runtime/],
    [{ DOCKER_USERNAME: 'someone' }, /DOCKER_PASSWORD: is needed with DOCKER_USERNAME/],
  ])('says so in one sentence, and ends: %j', async (env, words) => {
    const worker = launch('worker', {
      REDIS_URL: product.redis.url,
      DOCKER_HOST: `unix://${engine.socketPath}`,
      ...(env as Record<string, string>),
    });
    expect(await worker.exited).toBe(1);
    expect(worker.output()).toMatch(words);
    expect(worker.output()).not.toContain('    at ');
  });
});
