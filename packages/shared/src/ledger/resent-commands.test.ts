import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { tempFolder, until } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { keys, RUN_QUEUE } from '../keys.ts';
import { connectPatient, disconnect } from '../redis.ts';
import { claimOf, jobResult, jobSpec, useLedger } from '../testing/use-ledger.ts';
import { FencedError } from './claim.ts';
import { Submissions } from './submissions.ts';

const ledger = useLedger();

/** Brings commands to Redis, and answers to the client until it is told to withhold them. */
async function startLossyLink(target: string) {
  const folder = tempFolder();
  const path = join(folder.path, 'link.sock');
  const sockets = new Set<Socket>();
  let withholds = false;
  const server = createServer((client) => {
    const upstream = connect(target);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    client.pipe(upstream);
    upstream.on('data', (chunk) => withholds || client.write(chunk));
  });
  await once(server.listen(path), 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `unix://${path}`,
    withhold() {
      withholds = true;
    },
    /** The connection breaks; the next one is sound. */
    breakOff() {
      withholds = false;
      cut();
    },
    async stop() {
      cut();
      await new Promise((resolve) => server.close(resolve));
      folder.remove();
    },
  };
}

let link: Awaited<ReturnType<typeof startLossyLink>>;
let connection: ReturnType<typeof connectPatient>;

beforeEach(async () => {
  link = await startLossyLink(ledger.url.replace('unix://', ''));
  connection = connectPatient(link.url);
  connection.on('error', () => {});
  await connection.ping();
});

afterEach(async () => {
  await disconnect(connection);
  await link.stop();
});

/** Sends something whose answer gets lost, so that it is sent again when there is a connection. */
async function sendTwice<Value>(
  send: () => Promise<Value>,
  isDone: () => Promise<boolean>,
): Promise<Value> {
  // Scripts are known to the connection by then: what is lost is the answer of the script.
  link.withhold();
  const sent = send();
  await until(isDone);
  link.breakOff();
  return sent;
}

describe('a command whose answer is lost with the connection', () => {
  test('stores output once', async () => {
    const claim = await ledger.claimAt('started');
    const attempts = ledger.worker('first', connection);
    const chunk = [{ stream: 'stdout', data: Buffer.from('a') }] as const;
    await attempts.appendOutput(claim, chunk);
    const stored = () => ledger.redis.xlen(keys.output(claim.id, 1));
    await sendTwice(
      () => attempts.appendOutput(claim, chunk),
      async () => (await stored()) === 2,
    );
    expect(await stored()).toBe(2);
    await attempts.appendOutput(claim, chunk);
    expect(await stored()).toBe(3);
  });

  test('ends a job once, and tells that it did', async () => {
    const other = await ledger.claimAt('started');
    const claim = await ledger.claimAt('started');
    const attempts = ledger.worker('first', connection);
    await attempts.finish(other, jobResult());
    const ended = async () => (await ledger.find(claim.id)).state === 'finished';
    await sendTwice(() => attempts.finish(claim, jobResult()), ended);
    expect(await ledger.announced(claim.id)).toEqual(['running', 'running', 'running', 'finished']);
    await expect(attempts.finish(claim, jobResult({ exitCode: 1 }))).rejects.toThrow(FencedError);
  });

  test('accepts a job once', async () => {
    const submissions = new Submissions(connection);
    await submissions.accept({ id: 'other', spec: jobSpec() });
    const accepted = await sendTwice(
      () => submissions.accept({ id: 'job', spec: jobSpec() }),
      async () => (await ledger.redis.exists(keys.job('job'))) === 1,
    );
    expect(accepted).toEqual({ outcome: 'accepted', id: 'job', rate: null });
    expect(await ledger.redis.zrange(keys.jobs, '0', '-1')).toContain('job');
  });

  test('claims a job once', async () => {
    const attempts = ledger.worker('first', connection);
    await attempts.claim(await ledger.submit(), 'other');
    const id = await ledger.submit();
    const running = async () => (await ledger.find(id)).state === 'running';
    const outcome = await sendTwice(() => attempts.claim(id, 'token'), running);
    expect(outcome).toMatchObject({ kind: 'claimed', claim: { attempt: 1 } });
    expect(await ledger.announced(id)).toEqual(['running']);
    expect(await attempts.renew(claimOf(outcome))).toBe('');
  });

  test('takes one job for a ticket', async () => {
    const attempts = ledger.worker('first', connection);
    await attempts.take(await ledger.submit(), RUN_QUEUE, 'other');
    const [id, next] = [await ledger.submit(), await ledger.submit()];
    const running = async () => (await ledger.find(id)).state === 'running';
    const outcome = await sendTwice(() => attempts.take('any', RUN_QUEUE, 'token'), running);
    expect(outcome).toMatchObject({ kind: 'claimed', claim: { id, attempt: 1 } });
    expect((await ledger.find(next)).state).toBe('queued');
  });

  test('adopts a job once, also from another worker', async () => {
    const attempts = ledger.worker('second', connection);
    await attempts.adopt((await ledger.claimAt('started')).id, 1, 'other', 'first');
    const { id } = await ledger.claimAt('started');
    const adopted = await sendTwice(
      () => attempts.adopt(id, 1, 'token', 'first'),
      async () => (await ledger.find(id)).attempts[0]?.worker === 'second',
    );
    if (adopted === null) throw new Error('not adopted');
    expect(await attempts.renew(adopted)).toBe('');
  });

  test('runs a job again once, in the care of the API', async () => {
    const failure = jobResult({ conclusion: 'FAILURE', exitCode: 1 });
    const other = await ledger.claimAt('started');
    const claim = await ledger.claimAt('started');
    const attempts = ledger.worker('first', connection);
    await attempts.retry(other, failure, 0);
    const queued = async () => (await ledger.find(claim.id)).state === 'queued';
    const retried = sendTwice(() => attempts.retry(claim, failure, 0), queued);
    await expect(retried).rejects.toThrow(FencedError);
    expect((await ledger.find(claim.id)).retries).toBe(1);
    expect(await ledger.submissions.due()).toContain(claim.id);
  });

  test('gives a job back, in the care of the API', async () => {
    const other = await ledger.claimAt('claimed');
    const claim = await ledger.claimAt('claimed');
    const attempts = ledger.worker('first', connection);
    await attempts.release(other);
    const queued = async () => (await ledger.find(claim.id)).state === 'queued';
    const released = sendTwice(() => attempts.release(claim), queued);
    // It can not tell any more whether it was this worker that gave it back.
    await expect(released).rejects.toThrow(FencedError);
    expect(await ledger.dueAt(claim.id)).toBeGreaterThan(0);
  });
});
