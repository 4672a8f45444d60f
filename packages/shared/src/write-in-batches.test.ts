import { Duplex } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { writeInBatches } from './write-in-batches.ts';

const NEVER_MS = 60_000;

/** What goes out of a stream, one entry for each time that something does; `push` is an answer. */
function openStream(heldMs?: number) {
  const sent: string[] = [];
  const stream = new Duplex({
    read() {},
    write(chunk, _encoding, done) {
      sent.push(String(chunk));
      done();
    },
    writev(chunks, done) {
      sent.push(chunks.map(({ chunk }) => String(chunk)).join(''));
      done();
    },
  });
  writeInBatches(stream, heldMs);
  onTestFinished(() => void stream.destroy());
  return { stream, sent };
}

const turns = async () => {
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
};

test('what is written in one turn goes out at its end, together', async () => {
  const { stream, sent } = openStream(NEVER_MS);
  stream.write('a');
  stream.write('b');
  expect(sent).toEqual([]);
  await turns();
  expect(sent).toEqual(['ab']);
});

test('what is written before the answer goes out with it, and with what that led to', async () => {
  const { stream, sent } = openStream(NEVER_MS);
  stream.write('a');
  await turns();
  stream.write('b');
  await turns();
  stream.write('c');
  await turns();
  expect(sent).toEqual(['a']);
  stream.once('data', () => stream.write('d'));
  stream.push('answer');
  await turns();
  expect(sent).toEqual(['a', 'bcd']);
});

test('after the answer nothing holds up what is written next', async () => {
  const { stream, sent } = openStream(NEVER_MS);
  for (const command of ['a', 'b']) {
    stream.write(command);
    await turns();
    stream.push('answer');
    await turns();
  }
  expect(sent).toEqual(['a', 'b']);
});

test('what is not answered does not hold up the rest', async () => {
  const { stream, sent } = openStream();
  stream.write('a');
  await turns();
  stream.write('b');
  await expect.poll(() => sent).toEqual(['a', 'b']);
});

test('nothing has to wake up when nothing waits', async () => {
  const timeouts = vi.spyOn(globalThis, 'setTimeout');
  onTestFinished(() => timeouts.mockRestore());
  const { stream } = openStream();
  stream.write('a');
  await turns();
  expect(timeouts).not.toHaveBeenCalled();
  stream.write('b');
  await turns();
  expect(timeouts).toHaveBeenCalledOnce();
});

test('what is written last goes out when the stream ends', async () => {
  const { stream, sent } = openStream(NEVER_MS);
  stream.write('a');
  await turns();
  stream.write('b');
  stream.end();
  await turns();
  expect(sent).toEqual(['a', 'b']);
});
