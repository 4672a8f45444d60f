import type { ContainerSpec } from '../engine/engine.ts';

const MEBIBYTE = 1024 * 1024;
let made = 0;

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
    user: undefined,
    labels: { 'conjob.worker': `test-${process.pid}` },
    stdin: false,
    network: 'none',
    memoryBytes: undefined,
    cpus: undefined,
    pids: undefined,
    runtime: undefined,
    volumes: [],
    stopTimeoutSeconds: 1,
    logBytes: 16 * MEBIBYTE,
    ...more,
  };
}
