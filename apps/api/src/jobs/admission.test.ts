import { expect, onTestFinished, test, vi } from 'vitest';
import { Admission, type AdmissionOptions, type Entry } from './admission.ts';

/** An admission, and jobs that are let in when it says, and leave when the test says. */
function admission(options: AdmissionOptions) {
  const gate = new Admission(options);
  const entered: string[] = [];
  const come = (name: string, entry?: Entry) => {
    const leaving = Promise.withResolvers<string>();
    const answer = gate.admit(() => {
      entered.push(name);
      return leaving.promise;
    }, entry);
    return { answer, leave: () => leaving.resolve(name), fail: leaving.reject };
  };
  return { entered, come, gate };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('lets so many in at a time, and the others as those leave, in the order in which they came', async () => {
  const { entered, come } = admission({ atOnce: 2, patienceMs: 60_000 });
  const [a, b, c, d] = [come('a'), come('b'), come('c'), come('d')];
  await settled();
  expect(entered).toEqual(['a', 'b']);
  b?.leave();
  await settled();
  expect(entered).toEqual(['a', 'b', 'c']);
  c?.leave();
  a?.leave();
  d?.leave();
  expect(await Promise.all([a, b, c, d].map((job) => job?.answer))).toEqual(['a', 'b', 'c', 'd']);
});

test('a job that fails gives its place to the next one', async () => {
  const { entered, come } = admission({ atOnce: 1, patienceMs: 60_000 });
  const [a, b] = [come('a'), come('b')];
  a?.fail(new Error('lost'));
  await expect(a?.answer).rejects.toThrow('lost');
  b?.leave();
  await b?.answer;
  expect(entered).toEqual(['a', 'b']);
});

test('nobody who comes while it is empty waits for those who were there before', async () => {
  const { entered, come } = admission({ atOnce: 1, patienceMs: 60_000 });
  for (const name of ['a', 'b', 'c']) {
    const job = come(name);
    job.leave();
    expect(await job.answer).toBe(name);
  }
  expect(entered).toEqual(['a', 'b', 'c']);
});

test('refuses at once who would stand behind one that has stood for too long, and nobody else', async () => {
  const onRefused = vi.fn();
  const { entered, come } = admission({ atOnce: 1, patienceMs: 0, onRefused });
  const [a, b, c] = [come('a'), come('b'), come('c')];
  await expect(c?.answer).rejects.toMatchObject({
    code: 'redis.busy',
    status: 503,
    headers: { 'Retry-After': '1' },
  });
  a?.leave();
  b?.leave();
  await Promise.all([a?.answer, b?.answer]);
  const d = come('d');
  d.leave();
  await d.answer;
  expect(entered).toEqual(['a', 'b', 'd']);
  expect(onRefused).toHaveBeenCalledTimes(1);
});

test('groups take turns, and who waits for long keeps nobody of another group from coming', async () => {
  const { entered, come } = admission({ atOnce: 1, patienceMs: 0 });
  const inside = come('inside', { group: 'many' });
  const jobs = [come('a', { group: 'many' }), come('b', { group: 'few' })];
  const refused = [come('c', { group: 'many' }), come('d', { group: 'few' })];
  for (const { answer } of refused)
    await expect(answer).rejects.toMatchObject({ code: 'redis.busy' });
  for (const { leave } of [inside, ...jobs]) leave();
  await Promise.all(jobs.map(({ answer }) => answer));
  expect(entered).toEqual(['inside', 'a', 'b']);
});

test('so many bytes stand in line, or one that is larger: who would make it more is refused', async () => {
  const onRefused = vi.fn();
  const { entered, come } = admission({ atOnce: 1, bytesInLine: 100, onRefused });
  const inside = come('inside', { bytes: 1000 });
  const large = come('large', { bytes: 101 });
  await expect(come('small', { bytes: 1 }).answer).rejects.toMatchObject({ code: 'redis.busy' });
  inside.leave();
  await inside.answer;
  const client = new AbortController();
  const left = come('left', { bytes: 100, signal: client.signal });
  client.abort();
  await expect(left.answer).rejects.toMatchObject({ code: 'redis.busy' });
  const two = [come('a', { bytes: 50 }), come('b', { bytes: 50 })];
  await expect(come('small', { bytes: 1 }).answer).rejects.toMatchObject({ code: 'redis.busy' });
  for (const { leave } of [large, ...two]) leave();
  await Promise.all([large, ...two].map(({ answer }) => answer));
  expect(entered).toEqual(['inside', 'large', 'a', 'b']);
  expect(onRefused).toHaveBeenCalledTimes(2);
});

test('closing refuses who stands in line, and nobody who is inside', async () => {
  const onRefused = vi.fn();
  const { entered, come, gate } = admission({ atOnce: 1, patienceMs: 60_000, onRefused });
  const [a, b, c] = [come('a'), come('b'), come('c')];
  gate.close();
  await expect(b?.answer).rejects.toMatchObject({ code: 'redis.busy' });
  await expect(c?.answer).rejects.toMatchObject({
    code: 'redis.busy',
    message: expect.stringContaining('shuts down'),
  });
  a?.leave();
  expect(await a?.answer).toBe('a');
  expect(entered).toEqual(['a']);
  expect(onRefused).toHaveBeenCalledTimes(2);
  expect(gate.waiting).toBe(0);
});

test('once closed, refuses who would have to stand in line, and nobody else', async () => {
  const { entered, come, gate } = admission({ atOnce: 1, patienceMs: 60_000 });
  gate.close();
  const [a, b] = [come('a'), come('b')];
  await expect(b?.answer).rejects.toMatchObject({ code: 'redis.busy' });
  a?.leave();
  expect(await a?.answer).toBe('a');
  expect(entered).toEqual(['a']);
});

test('who has stood for too long is refused instead of let in, and the next one gets the place', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  const onRefused = vi.fn();
  const { entered, come } = admission({
    atOnce: 1,
    patienceMs: 60_000,
    longestMs: 30_000,
    onRefused,
  });
  const a = come('a');
  const b = come('b');
  vi.advanceTimersByTime(1);
  const c = come('c');
  vi.advanceTimersByTime(29_999);
  a.leave();
  await expect(b.answer).rejects.toMatchObject({ code: 'redis.busy' });
  c.leave();
  expect(await c.answer).toBe('c');
  expect(entered).toEqual(['a', 'c']);
  expect(onRefused).toHaveBeenCalledTimes(1);
});

test('who is not wanted any longer leaves the line, and nobody who is inside', async () => {
  const onRefused = vi.fn();
  const { entered, come, gate } = admission({ atOnce: 1, patienceMs: 60_000, onRefused });
  const [inside, inLine] = [new AbortController(), new AbortController()];
  const a = come('a', { signal: inside.signal });
  const b = come('b', { signal: inLine.signal });
  const c = come('c');
  inside.abort();
  inLine.abort();
  await expect(b.answer).rejects.toMatchObject({ code: 'redis.busy' });
  expect(gate.waiting).toBe(1);
  a.leave();
  c.leave();
  expect(await Promise.all([a.answer, c.answer])).toEqual(['a', 'c']);
  await expect(come('with room', { signal: inLine.signal }).answer).rejects.toMatchObject({
    code: 'redis.busy',
  });
  const d = come('d');
  await expect(come('e', { signal: inLine.signal }).answer).rejects.toMatchObject({
    code: 'redis.busy',
  });
  d.leave();
  await d.answer;
  expect(entered).toEqual(['a', 'c', 'd']);
  expect(onRefused).not.toHaveBeenCalled();
  expect(gate.waiting).toBe(0);
});

test('lets so many bytes in at a time, and what is larger alone', async () => {
  const { entered, come } = admission({ atOnce: 10, bytesAtOnce: 100 });
  const [a, b, large, small] = [
    come('a', { bytes: 60 }),
    come('b', { bytes: 40 }),
    come('large', { bytes: 101 }),
    come('small', { bytes: 1 }),
  ];
  await settled();
  expect(entered).toEqual(['a', 'b']);
  a?.leave();
  await settled();
  expect(entered).toEqual(['a', 'b']);
  b?.leave();
  await settled();
  expect(entered).toEqual(['a', 'b', 'large']);
  large?.leave();
  await settled();
  expect(entered).toEqual(['a', 'b', 'large', 'small']);
  small?.leave();
  await Promise.all([a, b, large, small].map((job) => job?.answer));
});

test('when a large one leaves the line, smaller ones behind it need not wait for those inside', async () => {
  const { entered, come } = admission({ atOnce: 10, bytesAtOnce: 100 });
  const client = new AbortController();
  const a = come('a', { bytes: 60 });
  const large = come('large', { bytes: 60, signal: client.signal });
  const small = come('small', { bytes: 40 });
  client.abort();
  await expect(large.answer).rejects.toMatchObject({ code: 'redis.busy' });
  small.leave();
  expect(await small.answer).toBe('small');
  expect(entered).toEqual(['a', 'small']);
  a.leave();
  await a.answer;
});
