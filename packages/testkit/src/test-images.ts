import { busyboxFiles, type ImageFile, importImages, type NewImage } from '@conjob/provision';

const INTERRUPTIBLE =
  "trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.1; done";

/** Images every test engine has. All hold busybox; they differ in their configuration. */
export const TEST_IMAGES = {
  /** Runs a shell. */
  busybox: { tag: 'conjob-test/busybox:latest', config: { Cmd: ['sh'] } },
  /** Has neither command nor entrypoint: a job must bring one. */
  noCommand: { tag: 'conjob-test/no-command:latest', config: {} },
  /** Its entrypoint is `echo`: a job's command is printed. */
  echo: { tag: 'conjob-test/echo:latest', config: { Entrypoint: ['echo'] } },
  /** Runs as 1000:1000 in /tmp. */
  user: {
    tag: 'conjob-test/user:latest',
    config: { Cmd: ['id'], User: '1000:1000', WorkingDir: '/tmp' },
  },
  /** Is to be stopped with SIGINT. Its command says `ready`, then `interrupted`; code 7. */
  stopSignal: {
    tag: 'conjob-test/stop-signal:latest',
    config: { Cmd: ['sh', '-c', INTERRUPTIBLE], StopSignal: 'SIGINT' },
  },
} as const satisfies Record<string, NewImage>;

/** Gives an engine the test images, with these files as well. */
export async function importTestImages(
  socketPath: string,
  more: readonly ImageFile[] = [],
): Promise<void> {
  const files = [...(await busyboxFiles()), ...more];
  await importImages(socketPath, files, Object.values(TEST_IMAGES));
}
