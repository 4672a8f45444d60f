import { setTimeout as sleep } from 'node:timers/promises';
import { processTable } from '@conjob/provision';
import { afterAll } from 'vitest';
import { activeResources, childProcesses } from './leaks.ts';
import { markedProcesses } from './process-mark.ts';
import { signalAll } from './processes-of.ts';

/**
 * A vitest setup file: a test file fails when it leaves child processes, processes of the product
 * (whoever their parent is by now), sockets or servers behind. (Containers are counted at the end of the run: files share one engine.)
 */
const KINDS = ['ProcessWrap', 'TCPServerWrap', 'TCPSocketWrap', 'PipeServerWrap', 'PipeWrap'];
/** Closing takes a few turns of the event loop; a leak stays. */
const PATIENCE_MS = 2_000;
const POLL_MS = 20;

const before = activeResources();
const childrenBefore = new Set(childProcesses().map(({ pid }) => pid));

afterAll(async () => {
  const deadline = Date.now() + PATIENCE_MS;
  while (leaks().length > 0 && Date.now() < deadline) await sleep(POLL_MS);
  const left = leaks();
  signalAll(markedProcesses(), 'SIGKILL');
  if (left.length > 0) throw new Error(`This test file left behind: ${left.join('; ')}`);
});

function leaks(): string[] {
  const now = activeResources();
  const resources = KINDS.flatMap((kind) => {
    const more = (now.get(kind) ?? 0) - (before.get(kind) ?? 0);
    return more > 0 ? [`${more} ${kind}`] : [];
  });
  const marked = new Set(markedProcesses());
  const children = childProcesses().filter(({ pid }) => !childrenBefore.has(pid));
  const orphans = processTable().filter(({ pid }) => marked.has(pid));
  const processes = new Map([...children, ...orphans].map(({ pid, args }) => [pid, args]));
  const said = [...processes].map(
    ([pid, args]) => `process ${pid} (${args.slice(0, 3).join(' ')})`,
  );
  return [...said, ...resources];
}
