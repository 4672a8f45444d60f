import { expect, test, vi } from 'vitest';
import { Admission, type AdmissionOptions } from './admission.ts';

/** An admission, and jobs that are let in when it says, and leave when the test says. */
function admission(options: AdmissionOptions) {
  const gate = new Admission(options);
  const entered: string[] = [];
  const come = (name: string) => {
    const leaving = Promise.withResolvers<string>();
    const answer = gate.admit(() => {
      entered.push(name);
      return leaving.promise;
    });
    return { answer, leave: () => leaving.resolve(name), fail: leaving.reject };
  };
  return { entered, come, close: () => gate.close() };
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

test('closing refuses who stands in line, and nobody who is inside', async () => {
  const { entered, come, close } = admission({ atOnce: 1, patienceMs: 60_000 });
  const [a, b, c] = [come('a'), come('b'), come('c')];
  close();
  await expect(b?.answer).rejects.toMatchObject({ code: 'redis.busy' });
  await expect(c?.answer).rejects.toMatchObject({ code: 'redis.busy' });
  a?.leave();
  expect(await a?.answer).toBe('a');
  expect(entered).toEqual(['a']);
});
