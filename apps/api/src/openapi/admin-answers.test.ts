import { beforeAll, describe, expect, test } from 'vitest';
import { AnswerChecks } from '../testing/answer-checks.ts';
import type { Answer, Call } from '../testing/http-client.ts';
import { expectKnownParameters } from '../testing/known-parameters.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi, withRedis } from '../testing/test-api.ts';
import { forgetWorkers, reportWorker } from '../testing/worker-report.ts';

const api = useTestApi(byImage);
const post = { method: 'POST' };
let checks: AnswerChecks;

/** The answer, once it is as the document says. */
async function ask(path: string, target: string, options: Call = {}): Promise<Answer> {
  const answer = await api.callAdmin(target, options);
  expect(checks.faults(options.method ?? 'GET', path, answer)).toEqual([]);
  return answer;
}

beforeAll(async () => {
  checks = new AnswerChecks((await api.callAdmin('/openapi.json')).json);
  // It lives, and answers nothing that it is told.
  await withRedis(api.redis, (redis) => reportWorker(redis, { running: 1 }));
});

type Sample = [status: number, path: string, target: string, options?: Call];
const FORM = 'application/x-www-form-urlencoded';
const KEY = 'conjob.job.limit.maxQueuedJobs';
const SAMPLES: Sample[] = [
  [200, '/ping', '/ping'],
  [200, '/livez', '/livez'],
  [200, '/readyz', '/readyz'],
  [200, '/workers', '/workers'],
  [200, '/workers/{name}', '/workers/w1'],
  [404, '/workers/{name}', '/workers/none'],
  [202, '/workers/{name}/drain', '/workers/w1/drain?wait=0&reason=test', post],
  [400, '/workers/{name}/drain', '/workers/w1/drain?wait=-1', post],
  [404, '/workers/{name}/drain', '/workers/none/drain', post],
  [200, '/workers/{name}/resume', '/workers/w1/resume', post],
  [404, '/workers/{name}/resume', '/workers/none/resume', post],
  [201, '/tokens', '/tokens?name=a&role=read', post],
  [201, '/tokens', '/tokens?name=b&role=admin&expiresInSeconds=60', post],
  [409, '/tokens', '/tokens?name=a&role=read', post],
  [400, '/tokens', '/tokens?name=-', post],
  [200, '/tokens', '/tokens'],
  [204, '/tokens/{name}', '/tokens/a', { method: 'DELETE' }],
  [404, '/tokens/{name}', '/tokens/a', { method: 'DELETE' }],
  [400, '/tasks/docker/volume/rm', '/tasks/docker/volume/rm', post],
  [200, '/tasks/config', '/tasks/config', post],
  [400, '/tasks/config', `/tasks/config?${KEY}=-1`, post],
  [413, '/tasks/config', '/tasks/config', { ...post, body: 'x'.repeat(5000) }],
  [
    415,
    '/tasks/config',
    '/tasks/config',
    { ...post, body: '{}', headers: { 'Content-Type': 'a/b' } },
  ],
  [
    200,
    '/tasks/config',
    '/tasks/config',
    { ...post, body: `${KEY}=9`, headers: { 'Content-Type': FORM } },
  ],
  [200, '/healthcheck', '/healthcheck'],
  [200, '/metrics', '/metrics'],
  [200, '/openapi.json', '/openapi.json'],
  [200, '/docs/errors', '/docs/errors'],
  [400, '/openapi.json', '/openapi.json?x=1'],
];

describe('an answer of the admin port is as its document says', () => {
  test.each(SAMPLES)('%i of %s', async (status, path, target, options) => {
    if (options === undefined) await ask(path, target, { method: 'HEAD' });
    expect((await ask(path, target, options)).status).toBe(status);
  });

  test('200 of /tasks/docker/volume/rm', async () => {
    // Nobody waits for a worker that is lost.
    await withRedis(api.redis, async (redis) => {
      await forgetWorkers(redis);
      await reportWorker(redis, {}, -1000);
    });
    const path = '/tasks/docker/volume/rm';
    expect((await ask(path, `${path}?id=one`, post)).json.workers).toHaveLength(1);
  });

  test('for each operation there is one', async () => {
    const { paths } = (await api.callAdmin('/openapi.json')).json;
    const described = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect([...checks.seen].toSorted()).toEqual(described.toSorted());
  });
});

test('each operation of the admin port has the parameters that its route knows', async () => {
  await expectKnownParameters((target, options) => api.callAdmin(target, options), 'w1');
});
