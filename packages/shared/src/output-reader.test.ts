import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { keys } from './keys.ts';
import { readOutput, type StoredChunk } from './output-reader.ts';
import { connectPatient, disconnect } from './redis.ts';

let redis: Redis;
declare module 'vitest' {
  interface ProvidedContext {
    /** Provided by the test kit's global setup. */
    redisUrl: string;
  }
}

const made: string[] = [];

beforeAll(() => {
  redis = connectPatient(inject('redisUrl'));
});
afterAll(async () => {
  if (made.length > 0) await redis.del(made);
  await disconnect(redis);
});

async function readAll(id: string, attempt = 1): Promise<StoredChunk[]> {
  const chunks: StoredChunk[] = [];
  for await (const chunk of readOutput(redis, id, attempt)) chunks.push(chunk);
  return chunks;
}

async function write(chunks: readonly [stream: 1 | 2, data: Buffer][]): Promise<string> {
  const id = randomUUID();
  made.push(keys.output(id, 1));
  for (const [stream, data] of chunks) {
    await redis.xadd(keys.output(id, 1), '*', 's', stream, 'd', data);
  }
  return id;
}

describe('stored output', () => {
  test.each([0, 1, 63, 64, 65, 128, 200])(
    'of %i entries is read whole and in order',
    async (count) => {
      const id = await write(
        Array.from({ length: count }, (_, n) => [n % 3 ? 1 : 2, Buffer.from(`${n}`)]),
      );
      const read = await readAll(id);
      expect(read.map(({ stream, data }) => `${stream} ${data}`)).toEqual(
        Array.from({ length: count }, (_, n) => `${n % 3 ? 'stdout' : 'stderr'} ${n}`),
      );
      expect(new Set(read.map(({ position }) => position)).size).toBe(count);
    },
  );

  test('keeps bytes as they are', async () => {
    const data = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const id = await write([[1, data]]);
    expect((await readAll(id))[0]?.data).toEqual(data);
  });

  test('is that of one attempt', async () => {
    const id = await write([[1, Buffer.from('first')]]);
    expect(await readAll(id, 2)).toEqual([]);
  });

  test('includes what is written while it is read', async () => {
    const id = await write(Array.from({ length: 64 }, () => [1, Buffer.from('a')]));
    let read = 0;
    for await (const _ of readOutput(redis, id, 1)) {
      read += 1;
      if (read === 1) await redis.xadd(keys.output(id, 1), '*', 's', 1, 'd', 'late');
    }
    expect(read).toBe(65);
  });

  test('asks for the next page before the last one is used up', async () => {
    const id = await write(Array.from({ length: 200 }, (_, n) => [1, Buffer.from(`${n} `)]));
    const asked = vi.spyOn(redis, 'xrangeBuffer');
    const askedWhenRead: number[] = [];
    for await (const _ of readOutput(redis, id, 1)) askedWhenRead.push(asked.mock.calls.length);
    asked.mockRestore();
    expect([0, 63, 64, 128, 199].map((n) => askedWhenRead[n])).toEqual([2, 2, 3, 4, 4]);
    expect(askedWhenRead.length).toBe(200);
  });
});
