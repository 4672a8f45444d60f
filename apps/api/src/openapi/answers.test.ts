import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AnswerChecks } from '../testing/answer-checks.ts';
import type { Answer, Call } from '../testing/http-client.ts';
import { expectKnownParameters } from '../testing/known-parameters.ts';
import { byImage } from '../testing/scripts.ts';
import { useTestApi, withRedis } from '../testing/test-api.ts';
import { reportWorker } from '../testing/worker-report.ts';

const api = useTestApi(byImage, { JOB_LIMIT_TIMEOUT: '99' });
const json = { Accept: 'application/json' };
const spec = { 'Content-Type': 'application/json' };
let checks: AnswerChecks;
/** Of a job that failed, and one that hangs. */
let failed: string;
let hanging: string;

/** The answer, once it is as the document says. */
async function ask(path: string, target: string, options: Call = {}): Promise<Answer> {
  const answer = await api.call(target, options);
  const method = options.method ?? (options.body === undefined ? 'GET' : 'POST');
  expect(checks.faults(method, path, answer)).toEqual([]);
  return answer;
}

beforeAll(async () => {
  checks = new AnswerChecks((await api.call('/openapi.json')).json);
  await withRedis(api.redis, (redis) => reportWorker(redis, { labels: { gpu: 'true' } }));
  failed = String((await api.call('/job/run?image=fail')).headers['conjob-job-id']);
  hanging = (await api.call('/jobs?image=hang', { method: 'POST' })).json.id;
});
afterAll(async () => {
  for (const { links } of (await api.call('/jobs?image=hang')).json.jobs) {
    await api.call(links.cancel, { method: 'POST' });
  }
});

test('is served as JSON, with the limits that hold, and nothing of it is a query', async () => {
  const { headers, json: document } = await ask('/openapi.json', '/openapi.json');
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  expect(document.components.schemas.JobSpec.properties.timeoutSeconds.maximum).toBe(99);
  expect((await ask('/openapi.json', '/openapi.json?x=1')).status).toBe(400);
});

type Sample = [status: number, path: string, target: () => string, options?: Call];
const at = (rest = '', id = () => failed) => {
  return () => `/jobs/${id()}${rest}`;
};
const SAMPLES: Sample[] = [
  ...['echo', 'fail', 'no-image', 'slow', 'broken', 'no-command'].flatMap((image): Sample[] => {
    const target = () => `/job/run?image=${image}`;
    const status = { echo: 200, 'no-image': 404, slow: 408, broken: 500 }[image] ?? 400;
    return [
      [status, '/job/run', target],
      [status, '/job/run', target, { headers: json }],
      [status, '/job/run', target, { method: 'POST', body: 'x', headers: json }],
    ];
  }),
  [202, '/job/run', () => '/job/run?image=hang&timeout=1', { headers: { Prefer: 'wait=0' } }],
  [400, '/job/run', () => '/job/run?image=-', { headers: json }],
  [400, '/job/run', () => '/job/run?image=-'],
  [406, '/job/run', () => '/job/run?image=echo&stream=true', { headers: json }],
  [200, '/jobs', () => '/jobs?label=a:b&limit=2'],
  [200, '/jobs', () => '/jobs?limit=2'],
  [400, '/jobs', () => '/jobs?state=x'],
  [202, '/jobs', () => '/jobs', { body: '{"image":"echo","labels":{"a":"b"}}', headers: spec }],
  [200, '/jobs', () => '/jobs?image=echo', { method: 'POST', headers: { Prefer: 'wait=9' } }],
  [400, '/jobs', () => '/jobs', { body: '{"image":"echo","x":1}', headers: spec }],
  [415, '/jobs', () => '/jobs', { body: '{}' }],
  [200, '/jobs/{id}', at()],
  [200, '/jobs/{id}', at('', () => hanging)],
  [304, '/jobs/{id}', at(), { headers: { 'If-None-Match': '*' } }],
  [404, '/jobs/{id}', () => '/jobs/none'],
  [200, '/jobs/{id}/reproduce', at('/reproduce')],
  [200, '/jobs/{id}/events', at('/events')],
  [406, '/jobs/{id}/events', at('/events'), { headers: json }],
  [200, '/jobs/{id}/output', at('/output')],
  [400, '/jobs/{id}/output', at('/output?offset=-1')],
  [200, '/jobs/{id}/attempts/{number}/output', at('/attempts/1/output')],
  [404, '/jobs/{id}/attempts/{number}/output', at('/attempts/9/output')],
  [409, '/jobs/{id}', at('', () => hanging), { method: 'DELETE' }],
  [409, '/jobs/{id}/cancel', at('/cancel'), { method: 'POST' }],
  [202, '/jobs/{id}/cancel', at('/cancel?reason=test', () => hanging), { method: 'POST' }],
  [204, '/jobs/{id}', at(), { method: 'DELETE' }],
  [200, '/secrets', () => '/secrets?image=echo'],
  [400, '/secrets', () => '/secrets', { method: 'POST', body: 'x' }],
  [503, '/secrets', () => '/secrets?image=echo', { method: 'POST', body: 'x' }],
  [204, '/secrets', () => '/secrets?image=echo', { method: 'DELETE' }],
  [200, '/workers', () => '/workers'],
  [200, '/workers/{name}', () => '/workers/w1'],
  [404, '/workers/{name}', () => '/workers/none'],
  [200, '/livez', () => '/livez'],
  [200, '/readyz', () => '/readyz'],
  [200, '/openapi.json', () => '/openapi.json'],
  [200, '/docs', () => '/docs'],
  [200, '/docs/errors', () => '/docs/errors'],
  [200, '/docs/{file}', () => '/docs/page.js'],
  [200, '/docs/{file}', () => '/docs/page.css'],
  [404, '/docs/{file}', () => '/docs/index.html'],
];

describe('an answer is as the document says', () => {
  test.each(SAMPLES)('%i of %s', async (status, path, target, options) => {
    // A sample of GET is one of HEAD too, where there is one and it changes nothing.
    const isGet = options?.method === undefined && options?.body === undefined;
    const document = (await api.call('/openapi.json')).json;
    if (isGet && document.paths[path].head) {
      await ask(path, target(), { ...options, method: 'HEAD' });
    }
    expect((await ask(path, target(), options)).status).toBe(status);
  });

  test('for each operation there is one', async () => {
    const { paths } = (await api.call('/openapi.json')).json;
    const described = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect([...checks.seen].toSorted()).toEqual(described.toSorted());
  });

  test('what is not as it says is found', async () => {
    const answer = await api.call('/workers/w1');
    const { name: _name, ...rest } = answer.json;
    const changed = (worker: object) => ({ ...answer, bytes: Buffer.from(JSON.stringify(worker)) });
    const faults = (worker: object) => checks.faults('GET', '/workers/{name}', changed(worker));
    expect(faults(rest)).toEqual([expect.stringContaining("required property 'name'")]);
    expect(faults({ ...answer.json, more: 1 })).toEqual([expect.stringContaining('"more"')]);
    expect(checks.faults('GET', '/workers/{name}', { ...answer, status: 418 })).not.toEqual([]);
  });
});

test('each operation has the parameters that its route knows', async () => {
  await expectKnownParameters((target, options) => api.call(target, options), hanging);
});
