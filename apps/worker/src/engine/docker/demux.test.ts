import type { OutputChunk } from '@conjob/shared';
import { describe, expect, test } from 'vitest';
import { demux } from './demux.ts';

function frame(stream: 0 | 1 | 2, payload: string | Buffer): Buffer {
  const data = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(data.length, 4);
  return Buffer.concat([header, data]);
}

async function read(chunks: readonly Buffer[]) {
  const all: OutputChunk[] = [];
  for await (const chunk of demux(source(chunks))) all.push(chunk);
  const of = (stream: OutputChunk['stream']) =>
    Buffer.concat(all.filter((chunk) => chunk.stream === stream).map(({ data }) => data));
  return { chunks: all.length, stdout: of('stdout'), stderr: of('stderr') };
}

async function* source(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}

describe('demux', () => {
  const mixed = Buffer.concat([
    frame(1, 'out1 '),
    frame(2, 'err1 '),
    frame(1, 'out2'),
    frame(2, ''),
  ]);

  test('keeps the two streams apart', async () => {
    const { stdout, stderr } = await read([mixed]);
    expect([stdout.toString(), stderr.toString()]).toEqual(['out1 out2', 'err1 ']);
  });

  test('reads the same wherever the stream is split', async () => {
    for (let at = 0; at <= mixed.length; at += 1) {
      const { stdout, stderr } = await read([mixed.subarray(0, at), mixed.subarray(at)]);
      expect([stdout.toString(), stderr.toString()]).toEqual(['out1 out2', 'err1 ']);
    }
    const { stdout } = await read(Array.from(mixed, (byte) => Buffer.from([byte])));
    expect(stdout.toString()).toBe('out1 out2');
  });

  test('reads tens of thousands of tiny frames in one piece', async () => {
    const frames = Array.from({ length: 50_000 }, (_, index) => frame(1, String(index % 10)));
    expect((await read([Buffer.concat(frames)])).stdout.length).toBe(50_000);
  });

  test('hands a huge frame on as it arrives', async () => {
    const huge = frame(2, Buffer.alloc(32 * 1024 * 1024, 'x'));
    const pieces = Array.from({ length: huge.length / 65_536 + 1 }, (_, index) =>
      huge.subarray(index * 65_536, (index + 1) * 65_536),
    );
    const { chunks, stderr } = await read(pieces);
    expect(stderr.length).toBe(32 * 1024 * 1024);
    expect(chunks).toBe(pieces.length);
  });

  test('takes an empty stream for no output', async () => {
    expect((await read([])).chunks).toBe(0);
  });

  test.each([
    ['a header', mixed.subarray(0, mixed.length - 3)],
    ['a payload', frame(1, 'cut off').subarray(0, 12)],
    ['a frame whose payload did not begin', frame(1, 'cut off').subarray(0, 8)],
  ])('throws when the stream ends inside of %s', async (_, cut) => {
    await expect(read([cut])).rejects.toThrow('broke off');
  });

  test.each([
    ['an unknown stream', Buffer.from([3, 0, 0, 0, 0, 0, 0, 1, 65])],
    ['padding that is not zero', Buffer.from([1, 0, 1, 0, 0, 0, 0, 1, 65])],
    ['plain text', Buffer.from('plain text of a terminal')],
  ])('throws at %s', async (_, bytes) => {
    await expect(read([bytes])).rejects.toThrow('not a multiplexed stream');
  });
});
