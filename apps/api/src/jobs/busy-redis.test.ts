import {
  type FaultProxy,
  startFaultProxy,
  startTestRedis,
  type TestRedis,
  until,
} from '@conjob/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Answer, Call } from '../testing/http-client.ts';
import { startTestApi, type TestApi } from '../testing/test-api.ts';

const JOB = '/jobs?image=alpine';
const POST: Call = { method: 'POST' };
/** Of a command each way. A job takes two commands. */
const DELAY_MS = 150;
/** So many jobs take far longer than anybody may stand in line for others to come. */
const MANY = 20;

let redis: TestRedis;
let proxy: FaultProxy;
let api: TestApi;
let sent: Promise<Answer>[];
let answered: Answer[];

/** An API that lets in one job at a time, and a Redis that is far away, with many jobs before it. */
beforeEach(async () => {
  redis = await startTestRedis({ appendOnly: true });
  proxy = await startFaultProxy({ target: { path: redis.target }, listen: 'unix' });
  const { path } = proxy.address as { path: string };
  api = await startTestApi({ NEW_JOBS_AT_ONCE: '1' }, { ...redis, url: `unix://${path}` });
  [sent, answered] = [[], []];
  await proxy.set({ delayMs: DELAY_MS });
  for (let job = 0; job < MANY; job += 1) void send(JOB);
});
afterEach(async () => {
  await proxy.set('pass');
  await Promise.all(sent);
  await api.close();
  await proxy.stop();
  await redis.stop();
});

function send(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const answer = api.call(path, { ...POST, headers });
  sent.push(answer);
  void answer.then((got) => answered.push(got));
  return answer;
}

async function inLine(): Promise<number> {
  const { text } = await api.callAdmin('/metrics');
  return Number(/^conjob_jobs_in_line (\d+)$/m.exec(text)?.[1]);
}

/** What was sent before has arrived. */
async function arrived(): Promise<void> {
  for (let trips = 0; trips < 3; trips += 1) await api.call('/livez');
}

/** So many stand in line that whoever comes now stands behind them for seconds. */
async function aLongLine(): Promise<void> {
  await until(async () => (await inLine()) > MANY / 2);
}

/** A client that leaves while its request stands in line. */
async function comeAndLeave(path: string): Promise<void> {
  await aLongLine();
  const client = new AbortController();
  const left = expect(api.call(path, { ...POST, signal: client.signal })).rejects.toThrow();
  await arrived();
  client.abort();
  await left;
  await until(() => api.logs.some(({ msg }) => msg === 'request abandoned'));
}

async function jobsOf(group: string): Promise<unknown[]> {
  return (await api.call(`/jobs?group=${group}`)).json.jobs;
}

test('who would stand behind one that has stood for too long is refused, and there is no job of it', async () => {
  const isBusy = ({ text }: Answer) => text.includes('redis.busy');
  await until(async () => {
    void send(`${JOB}&group=tries`);
    await inLine();
    return answered.some(isBusy);
  });
  const refused = { status: 503, headers: { 'retry-after': '1' } };
  const run = await api.call('/job/run?image=alpine&group=tries');
  expect(run).toMatchObject(refused);
  expect(run.text).toMatch(/^redis\.busy: Redis, which keeps all jobs, does not keep up/);

  await proxy.set('pass');
  const answers = await Promise.all(sent);
  const busy = answers.filter(isBusy);
  for (const answer of busy)
    expect(answer).toMatchObject({ ...refused, json: { code: 'redis.busy' } });
  const accepted = answers.slice(MANY).filter(({ status }) => status === 202);
  expect(busy.length + accepted.length).toBe(answers.length - MANY);
  expect(await jobsOf('tries')).toHaveLength(accepted.length);
  const { text } = await api.callAdmin('/metrics');
  expect(text).toContain(`conjob_jobs_refused_total{limit="redis"} ${busy.length + 1}\n`);
  expect(text).toContain('conjob_jobs_in_line 0\n');
  expect(JSON.stringify(api.logs)).not.toContain('redis.busy');
});

test.each(['/jobs', '/job/run'])(
  'a client of %s that leaves while it stands in line has no job where that would be cancelled',
  async (path) => {
    await comeAndLeave(`${path}?image=alpine&onDisconnect=cancel`);
    await proxy.set('pass');
    await Promise.all(sent);
    await until(async () => (await inLine()) === 0);
    expect(await jobsOf('default')).toHaveLength(MANY);
  },
);

test.each(['/jobs', '/job/run'])(
  'a client of %s whose wait ends while it stands in line is answered as soon as there is a job',
  async (path) => {
    await aLongLine();
    const waiting = send(`${path}?image=alpine`, { prefer: 'wait=1' });
    await arrived();
    const behind = send(`${path}?image=alpine`, { prefer: 'respond-async' });
    // By then its second is over: of a job two commands make, and one or more read, what it is answered.
    await until(() => answered.length > 1000 / (4 * DELAY_MS) + 1);
    await proxy.set('pass');
    await behind;
    const order = [await waiting, await behind].map((answer) => answered.indexOf(answer));
    expect(order).toEqual([MANY, MANY + 1]);
    expect(await waiting).toMatchObject({
      status: 202,
      headers: { 'preference-applied': 'wait=1' },
      json: { state: 'queued' },
    });
  },
);

test('a client that leaves while it stands in line has its job all the same where that would go on', async () => {
  await comeAndLeave(`${JOB}&group=left`);
  await proxy.set('pass');
  await until(async () => (await jobsOf('left')).length === 1);
});

test('a shutdown refuses who stands in line, and lets those be accepted who are inside', async () => {
  await arrived();
  await until(async () => (await inLine()) > 0);
  const closed = api.api.close();
  const answers = await Promise.all(sent);
  await closed;
  const accepted = answers.filter(({ status }) => status === 202).length;
  const busy = answers.filter(({ text }) => text.includes('redis.busy')).length;
  expect(accepted).toBeGreaterThan(0);
  expect(busy).toBeGreaterThan(0);
  expect(accepted + busy).toBe(MANY);
});
