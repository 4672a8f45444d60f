import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';

const PROCESS = fileURLToPath(import.meta.resolve('./testing/logging-process.fixture.ts'));
const folder = mkdtempSync(join(tmpdir(), 'conjob-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function logInto(path: string): Promise<{ code: unknown; errors: string }> {
  const out = openSync(path, 'w');
  try {
    const stdio = ['ignore', out, 'pipe'] as const;
    const child = spawn(process.execPath, [PROCESS], { stdio: [...stdio], timeout: 20_000 });
    let errors = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      errors += text;
    });
    const [code] = await once(child, 'close');
    return { code, errors };
  } finally {
    closeSync(out);
  }
}

describe('the log on standard output', () => {
  test('has every line in order, also the last one, and waits for no disk', async () => {
    const path = join(folder, 'log');
    expect(await logInto(path)).toEqual({ code: 0, errors: '' });
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const messages = lines.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual(['one', 'two', 'three']);
  });

  test('holds up no end when nobody reads it any more', async () => {
    const stdio = ['ignore', 'pipe', 'ignore'] as const;
    const child = spawn(process.execPath, [PROCESS], { stdio: [...stdio], timeout: 20_000 });
    // As that of a reaper whose worker was killed, with whoever read what both say.
    child.stdout?.destroy();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('ends or holds up nothing when its disk is full', async () => {
    expect(await logInto('/dev/full')).toEqual({ code: 0, errors: '' });
  });
});
