import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { OutputChunk, StreamBytes } from '@conjob/shared';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { MaskedRecorder } from './masked-recorder.ts';

const SECRET = 'hunter2-shooter';
type Stream = OutputChunk['stream'];

/** A store as the ledger is one, and a recorder of what a process knows of it. */
function openStore() {
  const stored: Record<Stream, string> = { stdout: '', stderr: '' };
  let seen: StreamBytes | undefined;
  const append = async (chunks: readonly OutputChunk[], now?: StreamBytes) => {
    for (const { stream, data } of chunks) stored[stream] += data.toString('latin1');
    seen = now;
  };
  return {
    stored,
    recorder(maxBytes = 1_000_000) {
      const bytes = { stdout: stored.stdout.length, stderr: stored.stderr.length };
      const recorder = new MaskedRecorder(append, maxBytes, bytes, seen);
      recorder.hide([SECRET]);
      return recorder;
    },
  };
}

const chunk = (data: string, stream: Stream = 'stdout'): OutputChunk => ({
  stream,
  data: Buffer.from(data, 'latin1'),
});

afterEach(() => vi.useRealTimers());

describe('the recorder of a job with secrets', () => {
  test('stores no secret, wherever it is parted, and counts what it stores', async () => {
    const { stored, recorder } = openStore();
    const recording = recorder();
    for (const byte of `a${SECRET}b${SECRET}`) void recording.write(chunk(byte));
    recording.finish();
    await recording.end();
    expect(stored.stdout).toBe('a***b***');
    expect([recording.totalBytes, recording.masked, recording.truncated]).toEqual([8, true, false]);
    expect(recording.seen('stdout')).toBe(2 + 2 * SECRET.length);
  });

  test('holds back what was written in a buffer that is used again', async () => {
    const { stored, recorder } = openStore();
    const recording = recorder();
    const buffer = Buffer.alloc(SECRET.length);
    const write = (text: string) => {
      const data = buffer.subarray(0, buffer.write(text, 'latin1'));
      void recording.write({ stream: 'stdout', data });
    };
    write(SECRET.slice(0, 7));
    write('x');
    write(SECRET.slice(0, 7));
    recording.finish();
    await recording.end();
    expect(stored.stdout).toBe(`${SECRET.slice(0, 7)}x${SECRET.slice(0, 7)}`);
  });

  test('masks each stream by itself', async () => {
    const { stored, recorder } = openStore();
    const recording = recorder();
    void recording.write(chunk(SECRET.slice(0, 5)));
    void recording.write(chunk(SECRET, 'stderr'));
    void recording.write(chunk(SECRET.slice(5)));
    recording.finish();
    await recording.end();
    expect(stored).toEqual({ stdout: '***', stderr: '***' });
  });

  test('leaves everything else as it is, bytes that are no text too', async () => {
    const { stored, recorder } = openStore();
    const recording = recorder();
    void recording.write(chunk('\x00\xff\r\nhunter\x80'));
    recording.finish();
    await recording.end();
    expect(stored.stdout).toBe('\x00\xff\r\nhunter\x80');
    expect(recording.masked).toBe(false);
  });

  test('shows a prompt that might become a secret after a while, and masks the rest of one', async () => {
    const { stored, recorder } = openStore();
    const recording = recorder();
    void recording.write(chunk('login: h'));
    await expect.poll(() => stored.stdout).toBe('login: h');
    void recording.write(chunk(`${SECRET.slice(1)}!`));
    recording.finish();
    await recording.end();
    expect(stored.stdout).toBe('login: h***!');
  });

  test('holds back what it has of a secret for as long as reading has to wait for the store', async () => {
    vi.useFakeTimers();
    const { promise: open, resolve } = Promise.withResolvers<void>();
    let stored = '';
    const recording = new MaskedRecorder(async (chunks) => {
      await open;
      for (const { data } of chunks) stored += data.toString();
    }, 10_000_000);
    recording.hide([SECRET]);
    const flood = '.'.repeat(2_000_000);
    const room = recording.write(chunk(`${flood}${SECRET.slice(0, 9)}`));
    await vi.advanceTimersByTimeAsync(10_100);
    resolve();
    await room;
    // Not even by what was left of the time that passed before.
    await vi.advanceTimersByTimeAsync(240);
    void recording.write(chunk(`${SECRET.slice(9)} login: h`));
    await vi.advanceTimersByTimeAsync(600);
    expect(stored.slice(flood.length)).toBe('*** login: h');
    await recording.end();
  });

  test('shows nothing of a secret whose rest has come while this process was busy', async () => {
    const { stored, recorder } = openStore();
    const recording = recorder();
    const server = createServer((peer) => {
      peer.on('data', (data) => void recording.write({ stream: 'stdout', data }));
    }).listen();
    await once(server, 'listening');
    const writer = connect((server.address() as AddressInfo).port);
    writer.setNoDelay();
    writer.write(SECRET.slice(0, 9));
    await expect.poll(() => recording.seen('stdout'), { interval: 5 }).toBe(9);
    // Timers come next in its event loop, and only then what there is to read.
    await setImmediate();
    writer.write(SECRET.slice(9));
    const busyUntil = performance.now() + 400;
    while (performance.now() < busyUntil);
    await expect.poll(() => stored.stdout).toBe('***');
    writer.destroy();
    server.close();
  });

  test('keeps as much as it may, of what is masked', async () => {
    const { stored, recorder } = openStore();
    const recording = recorder(5);
    void recording.write(chunk(`ab${SECRET}cd`));
    recording.finish();
    await recording.end();
    expect([stored.stdout, recording.totalBytes, recording.truncated]).toEqual(['ab***', 7, true]);
  });

  test('masks a text for the record', () => {
    const { recorder } = openStore();
    const text = `exec: "${Buffer.from(`x${SECRET}`).toString('base64')}": not found, ${SECRET}`;
    expect(recorder().cover(text)).toMatch(/^exec: ".{0,2}\*\*\*.{0,3}": not found, \*\*\*$/);
  });

  test('goes on after an earlier process, whenever that was killed: no byte is lost or comes twice', async () => {
    const piece = fc.constantFrom(SECRET, SECRET.slice(0, 7), SECRET.slice(7), 'x', '\n');
    const pieces = fc.array(fc.tuple(piece, fc.constantFrom<Stream>('stdout', 'stderr')));
    await fc.assert(
      fc.asyncProperty(pieces, fc.nat(), async (written, killedAt) => {
        const { stored, recorder } = openStore();
        const first = recorder();
        for (const [data, stream] of written.slice(0, killedAt % (written.length + 1))) {
          void first.write(chunk(data, stream));
        }
        // Handed over, or killed: what was held back is in nobody's hands.
        await first.end();
        const second = recorder();
        for (const [data, stream] of written) void second.write(chunk(data, stream));
        second.finish();
        await second.end();
        for (const stream of ['stdout', 'stderr'] as const) {
          const whole = written.flatMap(([data, of]) => (of === stream ? [data] : [])).join('');
          expect(stored[stream]).toBe(whole.replaceAll(SECRET, '***'));
        }
        const { stdout, stderr } = stored;
        expect(second.totalBytes).toBe(stdout.length + stderr.length);
      }),
      { numRuns: 200 },
    );
  });

  test('says how far the container had come in whole masks, however much is stored at once', async () => {
    const ends: number[] = [];
    let stored = '';
    const append = async (chunks: readonly OutputChunk[], seen?: StreamBytes) => {
      for (const { data } of chunks) stored += data.toString();
      ends.push(seen?.stdout ?? -1);
      const masks = stored.split('***').length - 1;
      expect(stored.replaceAll('***', '').replaceAll('.', '')).toBe('');
      expect(ends.at(-1)).toBe(stored.length + masks * (SECRET.length - 3));
    };
    const recording = new MaskedRecorder(append, 10_000_000);
    recording.hide([SECRET]);
    void recording.write(chunk(`.${SECRET}`.repeat(150_000)));
    recording.finish();
    await recording.end();
    expect(ends.length).toBeGreaterThan(1);
  });
});
