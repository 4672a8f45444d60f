import { type ContainerId, type ContainerSpec, EngineError, NetworkGoneError } from '../engine.ts';
import type { HelperFile, HelperSpec, Helpers, HelperView } from '../helpers.ts';
import type { FakeContainer } from './fake-container.ts';
import type { FakeVolumes } from './fake-volumes.ts';

/** What helpers need of their engine; each may throw, as the engine is away or full. */
export interface FakeHost {
  readonly volumes: FakeVolumes;
  beThere(): Promise<void>;
  haveSpace(): void;
  find(idOrName: string): FakeContainer | undefined;
  startHelper(spec: HelperSpec): FakeContainer;
  containers(): readonly FakeContainer[];
}

/** {@link Helpers} of a fake engine. */
export class FakeHelpers implements Helpers {
  readonly image = 'conjob/helper';
  readonly #host: FakeHost;
  /** How often something was left in the network of a helper. */
  readonly #traces = new Map<ContainerId, number>();

  constructor(host: FakeHost) {
    this.#host = host;
  }

  async ensureImage(): Promise<void> {
    await this.#host.beThere();
    this.#host.haveSpace();
  }

  async start(spec: HelperSpec): Promise<ContainerId> {
    await this.#host.beThere();
    this.#host.haveSpace();
    return this.#host.startHelper(spec).id;
  }

  async openView(helper: ContainerId): Promise<HelperView> {
    await this.#host.beThere();
    const container = this.#running(helper);
    return {
      look: async () => {
        this.#running(helper);
        return `traces: ${this.#traces.get(helper) ?? 0}`;
      },
      gone: Promise.race([container.ended, container.lost]),
      close: () => {},
    };
  }

  /** What begins to run with the network of a helper; `nc` leaves a trace in it. */
  join({ joins: helper, args }: ContainerSpec): void {
    if (helper === undefined) return;
    if (this.#host.find(helper)?.state.status !== 'running') {
      throw new NetworkGoneError(`cannot join network of a non running container: ${helper}`);
    }
    if (args[0] === 'nc') this.#traces.set(helper, (this.#traces.get(helper) ?? 0) + 1);
  }

  async putFile(helper: ContainerId, file: HelperFile): Promise<void> {
    await this.#host.beThere();
    this.#host.volumes.put(this.#running(helper).spec.volumes, file);
  }

  async removeVolume(name: string): Promise<boolean> {
    await this.#host.beThere();
    const uses = ({ spec }: FakeContainer) => spec.volumes.some((volume) => volume.name === name);
    return !this.#host.containers().some(uses) && this.#host.volumes.remove(name);
  }

  #running(helper: ContainerId): FakeContainer {
    const container = this.#host.find(helper);
    if (container?.state.status === 'running') return container;
    throw new EngineError('engine.failed', `No such container ${helper}`);
  }
}
