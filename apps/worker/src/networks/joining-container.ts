import type { ContainerExit } from '../conclusion.ts';
import {
  type ContainerId,
  type ContainerSpec,
  type Engine,
  NetworkGoneError,
} from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import type { HeldNetwork } from './held-network.ts';
import type { NetworkSource } from './held-networks.ts';
import type { NetworkEnd } from './network-pool.ts';

export interface JoiningContainerDependencies {
  readonly engine: Engine;
  readonly networks: NetworkSource;
}

/** Runtimes that let a container join the network of another one as it is. */
const JOINING_RUNTIMES: readonly string[] = ['runc', 'crun'];

/**
 * What an engine says of a container of which it does not know how it ended: its processes may be there
 * still (with a killed shim they are; measured with Docker 20.10).
 */
const DOUBTFUL_CODES: readonly number[] = [137, 255];

/**
 * Makes the container of one attempt: in a held network where one is ready and makes no difference to the job,
 * else, or when the held network turns out to be gone, with a network of its own.
 */
export class JoiningContainer {
  readonly #deps: JoiningContainerDependencies;
  readonly #isKept: boolean;
  #spec: ContainerSpec | undefined;
  #held: HeldNetwork | null = null;

  /** `isKept`: the container outlives the attempt, and whoever starts it again must meet nobody in its network. */
  constructor(dependencies: JoiningContainerDependencies, { isKept }: { isKept: boolean }) {
    this.#deps = dependencies;
    this.#isKept = isKept;
  }

  async create(spec: ContainerSpec): Promise<ContainerId> {
    const { engine, networks } = this.#deps;
    this.#spec = spec;
    const held = mayJoin(spec.sandbox) ? await networks.take(spec.sandbox.network) : null;
    if (held === null) return engine.create(spec);
    this.#held = held;
    try {
      return await engine.create(inside(spec, held));
    } catch (error) {
      this.#giveBack('unclear');
      if (!(error instanceof NetworkGoneError)) throw error;
      return engine.create(spec);
    }
  }

  /** Runs what was created; when its held network turns out to be gone, so that no code of the job has run, another one. */
  async run(
    container: ContainerId,
    run: (container: ContainerId) => Promise<ContainerExit>,
  ): Promise<ContainerExit> {
    try {
      return await run(container);
    } catch (error) {
      if (!(error instanceof NetworkGoneError) || this.#spec === undefined) throw error;
      // The words of the engine are also those of the job's own command.
      if (this.#held === null) throw error;
      const { engine } = this.#deps;
      this.#giveBack('spent');
      await engine.remove(container);
      return run(await engine.create(this.#spec));
    }
  }

  /** The attempt is over. `exit`: of its container; null when it is not known to have ended. */
  release(exit: ContainerExit | null): void {
    if (exit === null) this.#giveBack('unclear');
    else {
      const isSpent = this.#isKept || DOUBTFUL_CODES.includes(exit.exitCode);
      this.#giveBack(isSpent ? 'spent' : 'ended');
    }
  }

  #giveBack(end: NetworkEnd): void {
    if (this.#held !== null) this.#deps.networks.giveBack(this.#held, end);
    this.#held = null;
  }
}

/** Never one that may forge packets: what is left of those, nobody can be sure of. */
function mayJoin({ runtime, droppedCapabilities: dropped }: ContainerSpec['sandbox']): boolean {
  const isHarmless = dropped.includes('NET_RAW') || dropped.includes('ALL');
  return isHarmless && JOINING_RUNTIMES.includes(runtime);
}

function inside(spec: ContainerSpec, { name, helper }: HeldNetwork): ContainerSpec {
  const labels = { ...spec.labels, [LABELS.network]: name };
  return { ...spec, labels, joins: helper };
}
