import { describe, expect, test } from 'vitest';
import { readPullProgress } from './pull-progress.ts';

const FIRST = '{"status":"Pulling from library/café","id":"1.0"}\r\n';
const DONE = '{"status":"Status: Downloaded newer image for café:1.0"}\r\n';

async function* source(chunks: readonly (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

describe('a pull', () => {
  test('succeeded when its status came', async () => {
    await readPullProgress(source([FIRST, DONE]));
  });

  test('succeeded also when the last line has no end', async () => {
    await readPullProgress(source([FIRST, DONE.trimEnd()]));
  });

  test('reads the same wherever it is split, also inside of a character', async () => {
    const whole = Buffer.from(FIRST + DONE);
    for (let at = 0; at <= whole.length; at += 1) {
      await readPullProgress(source([whole.subarray(0, at), whole.subarray(at)]));
    }
  });

  test('failed when an error came inside of the successful answer', async () => {
    const error = '{"errorDetail":{"message":"unknown blob"},"error":"unknown blob"}\r\n';
    await expect(readPullProgress(source([FIRST, error]))).rejects.toThrow('unknown blob');
    await expect(readPullProgress(source([FIRST + error + DONE]))).rejects.toThrow('unknown blob');
  });

  test.each([
    ['before its status', [FIRST]],
    ['before anything', []],
    ['after an empty line', ['\r\n']],
  ])('failed when it was cut off %s', async (_, chunks) => {
    await expect(readPullProgress(source(chunks))).rejects.toThrow('cut off');
  });

  test('tells how far it is, in layers and bytes', async () => {
    const line = (status: string, id: string, current?: number, total?: number) =>
      `${JSON.stringify({ status, id, ...(total && { progressDetail: { current, total } }) })}\r\n`;
    const told: object[] = [];
    const lines = [
      FIRST,
      line('Already exists', 'a'),
      line('Pulling fs layer', 'b'),
      line('Downloading', 'b', 10, 100),
      line('Download complete', 'b'),
      line('Extracting', 'b', 50, 100),
      line('Pull complete', 'b'),
      DONE,
    ];
    await readPullProgress(source(lines), (progress) => told.push(progress));
    const progress = (layers: number, layersDone: number, bytes: number, totalBytes: number) => ({
      layers,
      layersDone,
      bytes,
      totalBytes,
    });
    expect(told).toEqual([
      progress(1, 1, 0, 0),
      progress(2, 1, 0, 0),
      progress(2, 1, 10, 100),
      progress(2, 1, 100, 100),
      progress(2, 1, 100, 100),
      progress(2, 2, 100, 100),
    ]);
  });
});
