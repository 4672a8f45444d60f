import { type Claim, keys, newJobId } from '@conjob/shared';
import { startFaultProxy, startTestRedis, type TestRedis, until } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FollowParts, startFollowParts } from '../testing/follow-parts.ts';
import { type HandWorker, startHandWorker } from '../testing/hand-worker.ts';
import { withRedis } from '../testing/test-api.ts';
import { jobSpec } from '../testing/use-queue.ts';
import { FROM_THE_START } from './event-id.ts';
import { type Followed, followJob } from './follow-job.ts';
import { jobEventStream } from './job-event-stream.ts';
import { liveBytes } from './live-bytes.ts';

let server: TestRedis;
let parts: FollowParts;
let worker: HandWorker;
beforeAll(async () => {
  server = await startTestRedis({ appendOnly: true, listen: 'tcp' });
  parts = await startFollowParts(server.url);
  worker = startHandWorker(server.url);
});
afterAll(async () => {
  await worker.close();
  await server.stop();
});

const NEVER = new AbortController().signal;

async function accept(ledger = parts.ledger): Promise<string> {
  const id = newJobId();
  await ledger.accept({ id, spec: jobSpec() });
  return id;
}

async function begin(): Promise<Claim> {
  await accept();
  const claim = await worker.take();
  await worker.attempts.advance(claim, 'started', 'running');
  return claim;
}

const print = (claim: Claim, text: string) =>
  worker.attempts.appendOutput(claim, [{ stream: 'stdout', data: Buffer.from(text) }]);

/** Parts whose way to Redis can be broken. */
async function startFarParts() {
  const { hostname: host, port: redisPort } = new URL(server.url);
  const proxy = await startFaultProxy({ target: { host, port: Number(redisPort) } });
  const { port } = proxy.address as { port: number };
  return { proxy, far: await startFollowParts(`redis://127.0.0.1:${port}`) };
}

async function all(bytes: AsyncGenerator<Buffer>): Promise<string> {
  let text = '';
  for await (const piece of bytes) text += piece;
  return text;
}

describe('what follows a job', () => {
  test('tells every byte once to each of many, wherever they join', async () => {
    const claim = await begin();
    const readers: Promise<string>[] = [];
    let written = '';
    for (let line = 0; line < 200; line += 1) {
      const text = `line ${line}\n`;
      written += text;
      await print(claim, text);
      if (line % 4 === 0)
        readers.push(all(liveBytes(followJob(parts, claim.id, { signal: NEVER }))));
    }
    await worker.finish(claim);
    expect(new Set(await Promise.all(readers))).toEqual(new Set([written]));
    expect(parts.hub.size).toBe(0);
  });

  test('has one connection that hears of output, however many follow', async () => {
    const claims = [await begin(), await begin(), await begin()];
    const readers = claims.flatMap(({ id }) =>
      Array.from({ length: 20 }, () => all(liveBytes(followJob(parts, id, { signal: NEVER })))),
    );
    await until(() => parts.hub.size === 3);
    const list = async () => String(await withRedis(server, (redis) => redis.client('LIST')));
    await until(async () => / sub=3 /.test(await list()));
    expect((await list()).match(/ sub=[1-9]\d* /g)).toEqual([' sub=3 ']);
    for (const claim of claims) {
      await print(claim, claim.id);
      await worker.finish(claim);
    }
    const told = await Promise.all(readers);
    expect(told).toEqual(claims.flatMap(({ id }) => Array.from({ length: 20 }, () => id)));
  });

  test('goes on after an outage of Redis where it was', async () => {
    const { proxy, far } = await startFarParts();
    const claim = await begin();
    await print(claim, 'before ');
    let seen = '';
    const reading = (async () => {
      for await (const piece of liveBytes(followJob(far, claim.id, { signal: NEVER })))
        seen += piece;
    })();
    await until(() => seen === 'before ');
    await proxy.set('refuse');
    proxy.cut({ reset: true });
    await print(claim, 'meanwhile ');
    await until(() => far.redis.status !== 'ready');
    await proxy.set('pass');
    await until(() => seen === 'before meanwhile ');
    await print(claim, 'after');
    await worker.finish(claim);
    await reading;
    expect(seen).toBe('before meanwhile after');
    await proxy.stop();
  });

  test('does not hang on events that are never told', async () => {
    const mute = { ...parts, events: { subscribe: () => () => {} }, idleMs: 50 };
    const claim = await begin();
    const reading = all(liveBytes(followJob(mute, claim.id, { signal: NEVER })));
    await print(claim, 'told by nobody');
    await worker.finish(claim);
    expect(await reading).toBe('told by nobody');
  });

  test('keeps little of the output of a reader that is slow, and gives it all the same', async () => {
    const claim = await begin();
    const followed = followJob(parts, claim.id, { signal: NEVER });
    const reader = liveBytes(followed);
    await print(claim, 'first');
    expect(String((await reader.next()).value)).toBe('first');
    const chunk = 'x'.repeat(16 * 1024);
    for (let count = 0; count < 128; count += 1) await print(claim, chunk);
    await worker.finish(claim);
    const rest = await all(reader as AsyncGenerator<Buffer>);
    expect(rest.length).toBe(128 * chunk.length);
  });

  test('ends at once when its client leaves, and when the process shuts down', async () => {
    const own = await startFollowParts(server.url);
    const claim = await begin();
    const leaving = new AbortController();
    const kinds = async (signal: AbortSignal): Promise<string> => {
      let last: Followed | undefined;
      for await (const item of followJob(own, claim.id, { signal })) last = item;
      return last?.kind === 'end' ? last.end : 'no end';
    };
    const left = kinds(leaving.signal);
    const closed = kinds(NEVER);
    await until(() => own.waits.size === 2);
    leaving.abort();
    expect(await left).toBe('disconnected');
    own.waits.close();
    expect(await closed).toBe('closing');
    await worker.finish(claim);
  });
});

describe('the events of a job', () => {
  const show = async () => ({ shown: true });

  test('show that the connection lives when nothing happens', async () => {
    const id = await accept();
    const followed = followJob({ ...parts, idleMs: 20 }, id, { signal: NEVER });
    const events = jobEventStream(followed, FROM_THE_START, show);
    expect(String((await events.next()).value)).toMatch(/event: state/);
    expect(String((await events.next()).value)).toBe(':\n\n');
    await events.return(undefined as never);
    await parts.ledger.cancel(id, 'over');
  });

  test('show so too while Redis is away', async () => {
    const { proxy, far } = await startFarParts();
    const id = await accept();
    const followed = followJob({ ...far, idleMs: 50 }, id, { signal: NEVER });
    const events = jobEventStream(followed, FROM_THE_START, show);
    expect(String((await events.next()).value)).toMatch(/event: state/);
    await proxy.set('refuse');
    proxy.cut({ reset: true });
    await until(() => far.redis.status !== 'ready');
    // The first may have been due before.
    expect(String((await events.next()).value)).toBe(':\n\n');
    expect(String((await events.next()).value)).toBe(':\n\n');
    await events.return(undefined as never);
    await proxy.set('pass');
    await parts.ledger.cancel(id, 'over');
    await proxy.stop();
  });

  test('say that a job was deleted in between, instead of how it ended', async () => {
    const claim = await begin();
    await print(claim, 'output');
    await worker.finish(claim);
    const followed = followJob(parts, claim.id, { signal: NEVER });
    const events = jobEventStream(followed, FROM_THE_START, show);
    expect(String((await events.next()).value)).toMatch(/event: output/);
    await parts.ledger.remove(claim.id);
    expect(await withRedis(server, (redis) => redis.exists(keys.job(claim.id)))).toBe(0);
    const rest = await all(events as AsyncGenerator<Buffer>);
    expect(rest).toMatch(/^id: .*\nevent: gone\n/);
  });
});
