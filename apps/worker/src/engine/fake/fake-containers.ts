import { type ContainerId, type ContainerSpec, EngineError } from '../engine.ts';
import { FakeContainer } from './fake-container.ts';

/** The containers of a fake engine: each is found at once, however many there are. */
export class FakeContainers {
  readonly #engineId: string;
  readonly #byId = new Map<ContainerId, FakeContainer>();
  readonly #byName = new Map<string, FakeContainer>();
  #made = 0;

  constructor(engineId: string) {
    this.#engineId = engineId;
  }

  get size(): number {
    return this.#byId.size;
  }

  all(): FakeContainer[] {
    return [...this.#byId.values()];
  }

  find(idOrName: string): FakeContainer | undefined {
    return this.#byId.get(idOrName) ?? this.#byName.get(idOrName);
  }

  make(spec: ContainerSpec, imageId: string): FakeContainer {
    if (this.find(spec.name)) throw new EngineError('engine.failed', `${spec.name} is in use`);
    this.#made += 1;
    const container = new FakeContainer(`${this.#engineId}-${this.#made}`, spec, imageId);
    this.#byId.set(container.id, container);
    this.#byName.set(spec.name, container);
    return container;
  }

  delete({ id, spec }: FakeContainer): void {
    this.#byId.delete(id);
    this.#byName.delete(spec.name);
  }
}
