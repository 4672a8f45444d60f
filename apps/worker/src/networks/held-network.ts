import { randomUUID } from 'node:crypto';
import type { ContainerId, ContainerSpec } from '../engine/engine.ts';
import type { Helpers, HelperView } from '../engine/helpers.ts';
import { LABELS } from '../engine/labels.ts';

export type NetworkMode = ContainerSpec['sandbox']['network'];

export interface NetworkOwner {
  readonly installation: string;
  readonly worker: string;
}

/** A network that waits for a job: that of a running helper, as it was when it was made. */
export class HeldNetwork {
  /** On the helper, and on what joins it. Known before there is a container. */
  readonly name: string;
  readonly mode: NetworkMode;
  readonly helper: ContainerId;
  readonly madeAt = performance.now();
  readonly #view: HelperView;
  readonly #asMade: string;

  private constructor(
    of: Pick<HeldNetwork, 'name' | 'mode' | 'helper'>,
    view: HelperView,
    asMade: string,
  ) {
    this.name = of.name;
    this.mode = of.mode;
    this.helper = of.helper;
    this.#view = view;
    this.#asMade = asMade;
  }

  /** Throws `EngineError`. Then a helper by this name may be left. */
  static async make(
    helpers: Helpers,
    { installation, worker }: NetworkOwner,
    mode: NetworkMode,
    name: string = randomUUID(),
  ): Promise<HeldNetwork> {
    const helper = await helpers.start({
      name: `conjob-network-${name}`,
      labels: {
        [LABELS.helperOf]: installation,
        [LABELS.worker]: worker,
        [LABELS.network]: name,
      },
      network: mode,
      volumes: [],
    });
    const view = await helpers.openView(helper);
    try {
      return new HeldNetwork({ name, mode, helper }, view, await view.look());
    } catch (error) {
      view.close();
      throw error;
    }
  }

  /** Resolves when it can't be joined any more, or not be looked into. */
  get gone(): Promise<void> {
    return this.#view.gone;
  }

  /** Whether nothing is left in it of those who have used it. Never throws. */
  async isAsMade(): Promise<boolean> {
    const now = await this.#view.look().catch(() => null);
    return now === this.#asMade;
  }

  /** Lets go of the helper, which runs on. */
  close(): void {
    this.#view.close();
  }
}
