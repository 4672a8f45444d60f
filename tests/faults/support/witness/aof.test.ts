import { expect, it } from 'vitest';
import { commands } from './aof.ts';

const encode = (...words: string[]) =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

it('reads commands with whatever bytes are in them', () => {
  const file = Buffer.from(`#TS:1\r\n${encode('SET', 'a', 'ü\r\n*1\r\n')}${encode('DEL', '')}`);
  expect([...commands(file)]).toEqual([
    ['SET', 'a', 'ü\r\n*1\r\n'],
    ['DEL', ''],
  ]);
});

it('leaves out a last command that is still being written', () => {
  const whole = encode('HSET', 'a', 'b', 'c');
  for (let length = 0; length < whole.length; length++) {
    expect([...commands(Buffer.from(whole + whole.slice(0, length)))]).toHaveLength(1);
  }
});
