import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { expect } from 'vitest';
import { faultRow } from './support/fault-row.ts';
import { comesTrue } from './support/witness/controls.ts';

const FOLLOWERS = 20;
const STALL_SECONDS = 5;
const PIECES = 48;
const PIECE_BYTES = 256 * 1024;
const PRINTED_BYTES = PIECES * PIECE_BYTES;

const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

/** Prints more than sockets on the way hold, for some seconds. */
const chatter = (key: string) => ({
  kind: 'chatty' as const,
  program: `: ${key}; for n in $(seq ${PIECES}); do head -c ${PIECE_BYTES} /dev/zero | tr "\\0" x; sleep 0.1; done`,
  output: 'x'.repeat(PRINTED_BYTES),
  exitCode: 0,
});

faultRow(
  {
    row: '17',
    fault: `${FOLLOWERS} followers of output and ${FOLLOWERS} of events stop reading`,
    // A small heap: what is garbage is collected soon, and what is none shows.
    cluster: {
      env: {
        CLIENT_STALL_SECONDS: String(STALL_SECONDS),
        NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=64',
      },
    },
  },
  async ({ cluster, load, control, recovery, figures }) => {
    const [ofOutput, ofEvents] = cluster.apis;
    const pids = cluster.apis.map((api) => api.process.pid);
    const before = pids.map(openFiles);
    const key = load.newKey();
    const job = load.run({ key, script: chatter(key) });
    const [id] = await load.jobIds([job]);
    const stalled = Array.from(
      { length: FOLLOWERS },
      () =>
        [
          follow(ofOutput.url, `/jobs/${id}/output?follow=true`).pause(),
          follow(ofEvents.url, `/jobs/${id}/events`).pause(),
        ] as const,
    );
    const reading = follow(ofOutput.url, `/jobs/${id}/output?follow=true`);
    await job.ended;
    // One that reads has all of it by the time that the job has ended: nobody was waited for.
    await recovery(async () => {
      expect(await comesTrue(() => reading.isEnded)).toBe(true);
    });
    expect(reading.bytes).toBeGreaterThan(PRINTED_BYTES);
    expect(reading.end).toMatch(/\r\n0\r\nConjob-Conclusion: SUCCESS\r\n/);
    await control(
      'the others have taken less than was printed',
      stalled.flat().every(({ bytes }) => bytes < PRINTED_BYTES),
    );
    const areCutOff = () =>
      pids.every((pid, place) => openFiles(pid) - (before[place] ?? 0) < FOLLOWERS);
    await control('they are cut off', comesTrue(areCutOff));
    for (const follower of stalled.flat()) follower.resume();
    expect(await comesTrue(() => stalled.flat().every(({ isEnded }) => isEnded))).toBe(true);
    // No last chunk: nobody takes it for the whole.
    for (const { end } of stalled.flat()) expect(end).not.toMatch(/\r\n0\r\n/);
    figures['bytes that a stalled follower was sent'] = String(
      Math.max(...stalled.map(([output]) => output.bytes)),
    );
  },
);

interface Follower {
  /** Taken off the socket so far. */
  readonly bytes: number;
  /** The last kilobyte of it. */
  readonly end: string;
  readonly isEnded: boolean;
  pause(): Follower;
  resume(): void;
}

/** By hand on a socket: no client reads ahead of whoever uses it. */
function follow(url: string, path: string): Follower {
  const { hostname, port } = new URL(url);
  let [bytes, end, isEnded] = [0, '', false];
  const socket: Socket = connect(Number(port), hostname)
    .on('error', () => {})
    .on('close', () => {
      isEnded = true;
    })
    .on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      end = (end + chunk.toString('latin1')).slice(-1024);
    });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  const follower: Follower = {
    get bytes() {
      return bytes;
    },
    get end() {
      return end;
    },
    get isEnded() {
      return isEnded;
    },
    pause() {
      socket.pause();
      return follower;
    },
    resume: () => void socket.resume(),
  };
  return follower;
}
