import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLogger } from './logger.ts';

function written(fields: object, message: string): string[] {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  createLogger({ name: 'api', level: 'info', destination }).info(fields, message);
  return lines;
}

/** Whatever ends a line, or starts something at a terminal, and ordinary text in between. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\r\n',
        '\n',
        '\u2028',
        '\u2029',
        '\u0085',
        '\u009b2J',
        '\u001b]8;;',
        '\u007f',
      ),
      fc.constantFrom('\u202e', '\u2066', '\0', '"', '\\', '{"level":60}', '😀', '\ud800'),
      fc.string({ unit: 'binary', maxLength: 20 }),
    ),
  )
  .map((parts) => parts.join(''));

describe('a line of the log', () => {
  test('is one line of JSON, and no control character, whatever callers bring into it', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (text, name, message) => {
        fc.pre(!['__proto__', 'level', 'time', 'name', 'pid', 'msg'].includes(name));
        const [line = '', ...others] = written(
          { text, deep: { list: [text] }, [name]: 1 },
          message,
        );
        expect(others).toEqual([]);
        expect(line.endsWith('}\n')).toBe(true);
        expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        const { level, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
        expect(level).toBe(30);
        if (text.isWellFormed()) expect(rest).toMatchObject({ text, deep: { list: [text] } });
        if (message.isWellFormed()) expect(msg).toBe(message);
      }),
      { numRuns: 500 },
    );
  });

  test('is short enough for whoever reads lines, and says what was left out', () => {
    const [line = ''] = written({ path: `/${'a'.repeat(1_000_000)}`, status: 404 }, 'answered');
    expect(line.length).toBeLessThan(2_000);
    expect(JSON.parse(line)).toMatchObject({
      path: expect.stringMatching(/^\/a{1023}… \(1000001 characters\)$/),
      status: 404,
      msg: 'answered',
    });
  });

  test('keeps an error and its stack', () => {
    const [line = ''] = written({ err: new Error('x\r\ny') }, 'failed');
    expect(JSON.parse(line).err).toMatchObject({ message: 'x\r\ny', stack: expect.any(String) });
  });
});
