import { describe, expect, test } from 'vitest';
import { createLogger } from './logger.ts';

function logged(level: string, log: (logger: ReturnType<typeof createLogger>) => void) {
  const lines: string[] = [];
  log(
    createLogger({ name: 'api', level, destination: { write: (line) => void lines.push(line) } }),
  );
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the logger', () => {
  test('writes one JSON line per entry, with who speaks', () => {
    const lines = logged('info', (logger) => logger.info({ job: 'a\nb' }, 'done'));
    expect(lines).toMatchObject([{ name: 'api', pid: process.pid, job: 'a\nb', msg: 'done' }]);
  });

  test('leaves out what is below its level', () => {
    const lines = logged('warn', (logger) => {
      logger.info('quiet');
      logger.warn('loud');
    });
    expect(lines).toMatchObject([{ msg: 'loud' }]);
  });

  test('keeps an error with its cause', () => {
    const error = new Error('outer', { cause: new Error('inner') });
    const [line] = logged('info', (logger) => logger.error({ err: error }, 'failed'));
    expect(line?.['err']).toMatchObject({ message: expect.stringMatching(/outer.*inner/) });
  });
});
