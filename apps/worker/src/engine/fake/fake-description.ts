import type { EngineDescription } from '../engine.ts';

/** What a fake engine says of itself: it has whatever a sandbox rests on, but for gVisor. */
export function fakeDescription(id = 'fake'): EngineDescription {
  return {
    id,
    version: 'fake',
    cpus: 2,
    memoryBytes: 2 ** 34,
    runtimes: ['runc'],
    defaultRuntime: 'runc',
    hasSeccomp: true,
    limits: { memory: true, swap: true, cpus: true, pids: true },
  };
}
