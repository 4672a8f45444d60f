import { randomUUID } from 'node:crypto';
import type { Sandbox } from '@conjob/shared';
import {
  type ContainerId,
  type ContainerSpec,
  type Engine,
  EngineError,
} from '../engine/engine.ts';
import type { Helpers } from '../engine/helpers.ts';
import { LABELS } from '../engine/labels.ts';
import type { NetworkOwner } from '../networks/held-network.ts';
import { within } from '../within.ts';

export interface ProbeHost {
  readonly engine: Engine;
  readonly helpers: Pick<Helpers, 'image' | 'start'>;
  /** Whose containers these are, should this process end before they do. */
  readonly owner: NetworkOwner;
}

const PROBE_MS = 15_000;
const STOP_SECONDS = 5;

/**
 * Runs a container of ours in each of these sandboxes as jobs are run, all at once: the first one in the network of a
 * helper and with a network of its own, the others with networks of their own. Each has to answer, and to end well when it
 * is told to. Throws `EngineError` when one does not. Leaves nothing behind.
 */
export async function probeRuntime(
  { engine, helpers, owner }: ProbeHost,
  sandboxes: readonly [Sandbox, ...Sandbox[]],
): Promise<void> {
  const name = `conjob-probe-${randomUUID()}`;
  const labels = { [LABELS.helperOf]: owner.installation, [LABELS.worker]: owner.worker };
  try {
    const joins = await helpers.start({ name, labels, network: 'none', volumes: [] });
    const shared = { image: helpers.image, labels };
    const specs = sandboxes.map((sandbox) =>
      probeSpec(`${name}-${sandbox.profile}`, sandbox, shared),
    );
    const joining = { ...probeSpec(`${name}-joining`, sandboxes[0], shared), joins };
    // Also when one fails, all are removed before this returns.
    const ends = await Promise.allSettled(
      [...specs, joining].map((spec) => runToItsEnd(engine, spec)),
    );
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  } finally {
    await engine.remove(name);
  }
}

function probeSpec(
  name: string,
  sandbox: Sandbox,
  { image, labels }: Pick<ContainerSpec, 'image' | 'labels'>,
): ContainerSpec {
  return {
    name,
    image,
    entrypoint: undefined,
    args: [],
    env: {},
    workdir: undefined,
    labels: { ...labels, [LABELS.profile]: sandbox.profile },
    stdin: true,
    sandbox,
    volumes: [],
    stopTimeoutSeconds: STOP_SECONDS,
    logBytes: 0,
  };
}

async function runToItsEnd(engine: Engine, spec: ContainerSpec): Promise<void> {
  try {
    const exitCode = await within(PROBE_MS, run(engine, await engine.create(spec)));
    if (exitCode === 0) return;
    const what = exitCode === undefined ? 'did not come to its end' : `ended with ${exitCode}`;
    throw new EngineError('engine.failed', `a container of ours ${what}`);
  } finally {
    await engine.remove(spec.name);
  }
}

/** Asks the program of helpers what it sees; when it begins to answer, stops it. */
async function run(engine: Engine, id: ContainerId): Promise<number> {
  const [attachment, watch] = await Promise.all([
    engine.attach(id, { input: Buffer.from('?') }),
    engine.watchExit(id, 'next-exit'),
  ]);
  try {
    await engine.start(id);
    let stopping: Promise<void> | undefined;
    for await (const _ of attachment.output) stopping ??= engine.stop(id, STOP_SECONDS);
    await stopping;
    return await watch.exitCode;
  } finally {
    attachment.destroy();
    watch.destroy();
  }
}
