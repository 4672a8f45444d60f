import { describe, expect, test } from 'vitest';
import { jsonWithText, type TextPiece } from './json-text.ts';

async function* oneByOne(pieces: readonly TextPiece[]): AsyncGenerator<TextPiece> {
  yield* pieces;
}

async function woven(body: object, pieces: readonly TextPiece[]): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of jsonWithText(body, 'output', oneByOne(pieces))) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

function written(body: object, ...chunks: Buffer[]): Promise<string> {
  return woven(
    body,
    chunks.map((data) => ({ stream: 'stdout', data })),
  );
}

/** Cuts bytes into chunks of at most `size`. */
function cut(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size);
  return Array.from({ length: count }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}

/** Repeatable bytes, of those that begin, continue, cut off and forge characters. */
function randomBytes(seed: number): Buffer {
  const alphabet = Buffer.from('a"\\\n\0\u007fé€😀\ufeff\u2028');
  const odd = [0x80, 0xbf, 0xc0, 0xc3, 0xe0, 0xe2, 0xed, 0xa0, 0xf0, 0x9f, 0xf4, 0x90, 0xf8, 0xff];
  const all = [...alphabet, ...odd];
  let state = seed + 1;
  const next = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
  return Buffer.from(Array.from({ length: next() % 40 }, () => all[next() % all.length] ?? 0));
}

describe('jsonWithText', () => {
  test('writes what JSON.stringify would write, wherever the field is', async () => {
    const text = 'say "hi"\\\n\0';
    for (const body of [
      { output: null },
      { id: 'a', output: null },
      { output: null, links: { output: '""' }, gone: undefined },
      { gone: undefined, output: '', zero: 0 },
      { '"output":': '"output":""', output: '', labels: { __proto__: null }, list: [undefined] },
    ]) {
      const json = await written(body, Buffer.from(text));
      expect(json).toBe(JSON.stringify({ ...body, output: text }));
    }
  });

  test('writes an empty text for no bytes at all', async () => {
    expect(await written({ output: null })).toBe('{"output":""}');
    expect(await written({ output: null }, Buffer.alloc(0))).toBe('{"output":""}');
  });

  test('puts characters together that span chunks', async () => {
    const bytes = Buffer.from('\ufeffé€😀\ufeff');
    for (const size of [1, 2, 3, 5]) {
      const json = await written({ output: null }, ...cut(bytes, size));
      expect(JSON.parse(json).output).toBe(bytes.toString('utf8'));
    }
  });

  test('puts the characters of each stream together around those of the other', async () => {
    const one = 'a"é€😀';
    const other = 'b\\ñ₤🚀';
    const stdout = cut(Buffer.from(one.repeat(3)), 1);
    for (const size of [1, 2, 3, 5]) {
      const stderr = cut(Buffer.from(other.repeat(3)), size);
      const pieces = stdout.flatMap((data, n) => [
        { stream: 'stdout', data },
        ...stderr.slice(n, n + 1).map((data) => ({ stream: 'stderr', data })),
      ]);
      const { output } = JSON.parse(await woven({ output: null }, pieces));
      const ofOne = [...output].filter((character) => one.includes(character)).join('');
      const ofOther = [...output].filter((character) => other.includes(character)).join('');
      expect([ofOne, ofOther]).toEqual([one.repeat(3), other.repeat(3)]);
      expect(output).toHaveLength(ofOne.length + ofOther.length);
    }
  });

  test('reads bytes that are not UTF-8 like the whole of them, wherever they are cut', async () => {
    for (let seed = 0; seed < 2000; seed += 1) {
      const bytes = randomBytes(seed);
      for (const size of [1, 2, 3, 7]) {
        const json = await written({ output: null }, ...cut(bytes, size));
        expect(JSON.parse(json).output, bytes.toString('hex')).toBe(bytes.toString('utf8'));
      }
    }
  });

  test('asks for no more than its reader takes', async () => {
    let asked = 0;
    async function* endless() {
      for (;;) {
        asked += 1;
        yield { stream: 'stdout', data: Buffer.from('x') };
      }
    }
    const json = jsonWithText({ output: null }, 'output', endless());
    for (let n = 0; n < 3; n += 1) await json.next();
    expect(asked).toBe(2);
    await json.return(undefined);
    expect(asked).toBe(2);
  });

  test('fails as its source fails', async () => {
    async function* broken() {
      yield { stream: 'stdout', data: Buffer.from('x') };
      throw new Error('gone');
    }
    const read = async () => {
      for await (const _ of jsonWithText({ output: null }, 'output', broken()));
    };
    await expect(read()).rejects.toThrow('gone');
  });
});
