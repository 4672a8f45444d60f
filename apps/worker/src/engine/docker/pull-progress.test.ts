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
});
