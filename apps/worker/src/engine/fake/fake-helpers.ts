import type { ContainerId } from '../engine.ts';
import { EngineError } from '../engine.ts';
import type { HelperFile, HelperSpec, Helpers } from '../helpers.ts';
import type { FakeContainer } from './fake-container.ts';
import type { FakeVolumes } from './fake-volumes.ts';

/** What helpers need of their engine; each may throw, as the engine is away or full. */
export interface FakeHost {
  readonly volumes: FakeVolumes;
  beThere(): Promise<void>;
  haveSpace(): void;
  find(idOrName: string): FakeContainer | undefined;
  startHelper(spec: HelperSpec): FakeContainer;
  uses(volume: string): boolean;
}

/** {@link Helpers} of a fake engine. */
export class FakeHelpers implements Helpers {
  readonly #host: FakeHost;

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

  async putFile(helper: ContainerId, file: HelperFile): Promise<void> {
    await this.#host.beThere();
    const container = this.#host.find(helper);
    if (container?.state.status !== 'running') {
      throw new EngineError('engine.failed', `No such container ${helper}`);
    }
    this.#host.volumes.put(container.spec.volumes, file);
  }

  async removeVolume(name: string): Promise<boolean> {
    await this.#host.beThere();
    return !this.#host.uses(name) && this.#host.volumes.remove(name);
  }
}
