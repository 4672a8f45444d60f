import type { Sandbox } from '@conjob/shared';
import type { ContainerSpec } from '../engine/engine.ts';

const MEBIBYTE = 1024 * 1024;
let made = 0;

/** That of a default job without a network, but for what the test says. */
export function testSandbox(more: Partial<Sandbox> = {}): Sandbox {
  return {
    profile: 'default',
    runtime: 'runc',
    network: 'none',
    droppedCapabilities: ['NET_RAW', 'MKNOD', 'AUDIT_WRITE'],
    noNewPrivileges: true,
    seccomp: true,
    readOnlyRoot: false,
    tmpfs: {},
    user: null,
    init: false,
    memoryBytes: 512 * MEBIBYTE,
    swapBytes: 0,
    cpus: null,
    pids: 512,
    ...more,
  };
}

/** A container of an image with a shell, with a name of its own and no network. */
export function testContainer(
  image: string,
  args: readonly string[],
  more: Partial<ContainerSpec> = {},
): ContainerSpec {
  made += 1;
  return {
    name: `conjob-test-${process.pid}-${made}`,
    image,
    entrypoint: undefined,
    args,
    env: {},
    workdir: undefined,
    labels: { 'conjob.worker': `test-${process.pid}` },
    stdin: false,
    sandbox: testSandbox(),
    volumes: [],
    stopTimeoutSeconds: 1,
    logBytes: 16 * MEBIBYTE,
    ...more,
  };
}
