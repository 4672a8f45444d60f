import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger } from '@conjob/shared';
import { childProcesses, type TempFolder, tempFolder, until } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ReaperChild } from './reaper-child.ts';

const logger = createLogger({ name: 'worker', level: 'silent' });
/** Ends with its standard input, or does not, or ends at once. */
const PROGRAMS = {
  obedient: "process.stdin.resume().on('end', () => process.exit(0));",
  needed: 'setInterval(() => {}, 1000);',
  stubborn: "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);",
} as const;

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

async function start(program: keyof typeof PROGRAMS): Promise<ReaperChild> {
  const entry = join(folder.path, 'main.mjs');
  writeFileSync(entry, `${PROGRAMS[program]} process.title = 'ready-${process.pid}';`);
  const child = new ReaperChild({ entry, env: process.env, logger });
  onTestFinished(() => child.stop());
  await isReady();
  return child;
}

const isReady = () =>
  until(() => childProcesses().some(({ args }) => args.join(' ').includes(`ready-${process.pid}`)));
const isAlive = (pid: number | undefined) => childProcesses().some((entry) => entry.pid === pid);

describe('the reaper of a worker', () => {
  test('is out of reach of what is sent to the process group of its worker', async () => {
    const { pid = 0 } = await start('needed');
    const itsOwnGroup = -pid;
    expect(process.kill(itsOwnGroup, 0)).toBe(true);
  });

  test('is started again when it ends', async () => {
    const child = await start('needed');
    const { pid = 0 } = child;
    process.kill(pid, 'SIGKILL');
    await until(() => child.pid !== undefined && child.pid !== pid && isAlive(child.pid));
  });

  test('ends with its worker when nothing needs it', async () => {
    const child = await start('obedient');
    const { pid } = child;
    await child.letGo();
    expect(isAlive(pid)).toBe(false);
  });

  test('stays when it is needed, and does not keep its worker', async () => {
    const child = await start('needed');
    const { pid } = child;
    await child.letGo();
    expect(isAlive(pid)).toBe(true);
  });

  test.each(['obedient', 'stubborn'] as const)('ends when it has to, %s or not', async (kind) => {
    const child = await start(kind);
    const { pid } = child;
    await child.stop();
    expect(isAlive(pid)).toBe(false);
  });
});
