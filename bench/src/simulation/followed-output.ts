import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Attempts, type Claim } from '@conjob/shared';
import { closedLoop } from '../closed-loop.ts';
import { holdRequests } from './held-requests.ts';
import { cpuMs, difference, type PerPart } from './process-costs.ts';
import { withRedis } from './redis-view.ts';
import { submitPath } from './simulated-jobs.ts';
import { withSimulation } from './with-simulation.ts';

export interface ChunkCost {
  /** Of API and Redis; `client` is the benchmark, which also appends the output. */
  readonly cpuMsPerChunk: PerPart;
  /** From before a chunk is stored until its follower has it. */
  readonly latenciesMs: readonly number[];
  /** Of API and Redis, while nobody writes. */
  readonly idleCpuMsPerSecond: number;
}

const CLIENTS = 32;
const LEASE_MS = 3_600_000;
const WARM_UP_CHUNKS = 300;
const IDLE_MS = 5_000;

/**
 * What a chunk of output costs while so many running jobs are followed, each by one client, and one of them writes:
 * chunk after chunk, the next when its follower has the last. No worker is there: the output is stored as one does it.
 */
export function costOfChunk(
  followed: number,
  chunks: number,
  signal: AbortSignal,
): Promise<ChunkCost> {
  return withSimulation({ workers: 1, slots: 1, isIdle: true }, async (simulation, client) =>
    withRedis(simulation.redis.url, async (redis) => {
      const attempts = new Attempts(redis, { worker: 'bench', leaseMs: LEASE_MS });
      const claims: Claim[] = [];
      await closedLoop({ jobs: followed, clients: CLIENTS, signal }, async () => {
        const { body } = await client.send('POST', submitPath());
        const { id } = JSON.parse(body) as { id: string };
        const outcome = await attempts.claim(id, `token-${id}`);
        if (outcome.kind !== 'claimed') throw new Error(`the job ${id} is ${outcome.kind}`);
        await attempts.advance(outcome.claim, 'started', 'running');
        claims.push(outcome.claim);
      });
      const [writer, ...silent] = claims as [Claim, ...Claim[]];
      const path = ({ id }: Claim) => `/jobs/${id}/output?follow=true`;
      const others = await holdRequests(simulation.url, silent.map(path));
      const follower = await followLines(simulation.url, path(writer));
      const write = async (line: string): Promise<number> => {
        signal.throwIfAborted();
        const begin = performance.now();
        const seen = follower.sees(line);
        await attempts.appendOutput(writer, [{ stream: 'stdout', data: Buffer.from(line) }]);
        await seen;
        return performance.now() - begin;
      };
      try {
        for (let n = 0; n < WARM_UP_CHUNKS; n += 1) await write(`warm-${n}\n`);
        const before = cpuMs(simulation);
        const latenciesMs: number[] = [];
        for (let n = 0; n < chunks; n += 1) latenciesMs.push(await write(`line-${n}\n`));
        const after = cpuMs(simulation);
        await sleep(IDLE_MS, undefined, { signal });
        const { api, redis: ofRedis } = difference(cpuMs(simulation), after, IDLE_MS / 1000);
        return {
          cpuMsPerChunk: difference(after, before, chunks),
          latenciesMs,
          idleCpuMsPerSecond: api + ofRedis,
        };
      } finally {
        follower.close();
        await others.close();
      }
    }),
  );
}

/** A client of its own, that tells when it has a line. */
async function followLines(url: string, path: string) {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  let received = '';
  let awaited: { readonly line: string; readonly seen: () => void } | undefined;
  socket.setEncoding('latin1').on('data', (text: string) => {
    received += text;
    if (awaited === undefined || !received.includes(awaited.line)) return;
    received = '';
    awaited.seen();
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\n\r\n`);
  return {
    sees: (line: string) =>
      new Promise<void>((resolve) => {
        awaited = { line, seen: resolve };
      }),
    close: () => void socket.destroy(),
  };
}
