import type { StoredImage, StoredVolume, Upkeep, VolumeHolder } from '../upkeep.ts';
import type { FakeContainer } from './fake-container.ts';
import type { FakeImages } from './fake-images.ts';
import type { FakeVolumes } from './fake-volumes.ts';

/** What upkeep needs of its engine; `beThere` throws when the engine is away. */
export interface FakeStore {
  readonly images: FakeImages;
  readonly volumes: FakeVolumes;
  beThere(): Promise<void>;
  containers(): readonly FakeContainer[];
}

/** {@link Upkeep} of a fake engine. Its images have no size. */
export class FakeUpkeep implements Upkeep {
  readonly #store: FakeStore;

  constructor(store: FakeStore) {
    this.#store = store;
  }

  async now(): Promise<number> {
    await this.#store.beThere();
    return Date.now();
  }

  async images(): Promise<StoredImage[]> {
    await this.#store.beThere();
    const used = new Set(this.#store.containers().map(({ imageId }) => imageId));
    return this.#store.images
      .list()
      .map(([tag, { id }]) => ({ id, tags: [tag], sizeBytes: 0, isUsed: used.has(id) }));
  }

  async volumes(labels: Readonly<Record<string, string>>): Promise<StoredVolume[]> {
    await this.#store.beThere();
    return this.#store.volumes.list(labels);
  }

  async hasVolume(name: string): Promise<boolean> {
    return (await this.volumes({})).some((volume) => volume.name === name);
  }

  async holdersOf(volume: string): Promise<VolumeHolder[]> {
    await this.#store.beThere();
    return this.#store
      .containers()
      .filter(({ spec }) => spec.volumes.some(({ name }) => name === volume))
      .map(({ id, spec }) => ({ id, name: spec.name, labels: spec.labels }));
  }

  async removeVolume(name: string): Promise<boolean> {
    const isHeld = (await this.holdersOf(name)).length > 0;
    return !isHeld && this.#store.volumes.remove(name);
  }
}
