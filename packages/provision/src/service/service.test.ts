import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { goneWithin } from './end-process.ts';
import { processTable } from './process-table.ts';
import { type Service, startService } from './service.ts';
import { startAndCrash } from './start-and-crash.fixture.ts';
import { waitUntilReady } from './wait-until-ready.ts';

const folder = mkdtempSync(join(tmpdir(), 'service-'));
afterAll(() => rmSync(folder, { recursive: true }));

function shell(script: string): Promise<Service> {
  return startService({
    command: 'sh',
    args: ['-c', script],
    logPath: join(folder, 'log'),
  });
}

test('tells how a service ended by itself, with the end of its log', async () => {
  const service = await shell('echo some trouble >&2; exit 3');
  expect(await service.exited).toEqual({
    code: 3,
    signal: null,
    expected: false,
    logTail: 'some trouble',
  });
});

test('kills a service that does not end in time', async () => {
  const service = await shell("trap '' TERM; echo up; while :; do sleep 0.05; done");
  await waitUntilReady('It', service, async () => service.log.tail() === 'up', 5_000);
  expect(await service.stop(100)).toMatchObject({ signal: 'SIGKILL', expected: true });
  expect(await service.stop(100)).toMatchObject({ signal: 'SIGKILL' });
});

test('gives a service a session of its own, out of reach of Ctrl-C', async () => {
  const service = await shell('exec sleep 60');
  await waitUntilReady('It', service, async () => argsOf(service.pid)[0] === 'sleep', 5_000);
  // A group leader: signals to our own group do not reach it.
  expect(() => process.kill(-service.pid, 0)).not.toThrow();
  await service.stop(1_000);
});

test('fails to start what is not there', async () => {
  const logPath = join(folder, 'log');
  const service = await startService({ command: '/nowhere/program', args: [], logPath });
  const ready = waitUntilReady('The program', service, async () => false, 5_000);
  await expect(ready).rejects.toThrow(/The program ended while starting[\s\S]*No such file/);
});

test('stops a service that is not ready in time', async () => {
  const service = await shell('exec sleep 60');
  const ready = waitUntilReady('The sleeper', service, async () => false, 100);
  await expect(ready).rejects.toThrow('The sleeper was not ready within 0.1 s');
  expect(await service.exited).toMatchObject({ expected: true });
});

test('does not let a service outlive a killed owner', async () => {
  const [pid = 0] = await startAndCrash(`
    const service = await startService({
      command: 'sleep', args: ['60'], logPath: ${JSON.stringify(join(folder, 'log'))},
    });
    console.log(service.pid);
  `);
  expect(await goneWithin(pid, 5_000)).toBe(true);
});

function argsOf(pid: number): readonly string[] {
  return processTable().find((entry) => entry.pid === pid)?.args ?? [];
}
