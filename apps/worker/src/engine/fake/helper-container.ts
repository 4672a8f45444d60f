import type { ContainerSpec } from '../engine.ts';
import type { HelperSpec } from '../helpers.ts';
import type { Step } from './script.ts';

/** Longer than any test. */
const FOREVER_MS = 2 ** 31 - 1;

/** Does nothing, and ends when it is told to. */
export const HELPER_STEPS: readonly Step[] = [
  { kind: 'trap', steps: [{ kind: 'exit', code: 0 }] },
  { kind: 'sleep', milliseconds: FOREVER_MS },
];

export function helperContainer(spec: HelperSpec): ContainerSpec {
  const { network, ...rest } = spec;
  return {
    ...rest,
    image: 'helper',
    entrypoint: undefined,
    args: [],
    env: {},
    workdir: undefined,
    stdin: false,
    sandbox: {
      profile: 'default',
      runtime: 'runc',
      network,
      droppedCapabilities: ['ALL'],
      noNewPrivileges: true,
      seccomp: true,
      readOnlyRoot: true,
      tmpfs: {},
      user: '65534:65534',
      init: false,
      memoryBytes: null,
      swapBytes: null,
      cpus: null,
      pids: null,
    },
    stopTimeoutSeconds: 10,
    logBytes: 0,
  };
}
