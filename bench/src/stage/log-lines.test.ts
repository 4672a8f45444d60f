import { expect, test } from 'vitest';
import { logLines } from './log-lines.ts';

test('a log is read line by line, with all that is said', () => {
  const text = '{"pid":1,"time":10,"msg":"one","job":"j_1"}\n{"pid":1,"time":20,"msg":"two"}\n';
  expect(logLines(text)).toEqual([
    { pid: 1, time: 10, msg: 'one', job: 'j_1' },
    { pid: 1, time: 20, msg: 'two' },
  ]);
});

test('a line that is still being written is left for the next time', () => {
  expect(logLines('{"pid":1,"time":10,"msg":"one"}\n{"pid":1,"ti')).toHaveLength(1);
});

test('what a library prints between the lines is left out', () => {
  expect(logLines('(node:1) Warning: x\n{"pid":1,"time":10,"msg":"one"}\n')).toHaveLength(1);
});
