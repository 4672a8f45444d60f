import { EngineError, type NamedVolume } from '../engine.ts';
import type { HelperFile } from '../helpers.ts';
import type { StoredVolume } from '../upkeep.ts';

interface FakeVolume {
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined: on disk, where what is written stays. */
  readonly sizeBytes: number | undefined;
  readonly files: Map<string, Buffer>;
  mounts: number;
}

/** The volumes of a fake engine. */
export class FakeVolumes {
  readonly #volumes = new Map<string, FakeVolume>();

  /** What a container has is made when it is not there, and refused when it is of other labels. */
  ensure(wanted: readonly NamedVolume[]): void {
    for (const { name, labels, memory } of wanted) {
      const found = this.#volumes.get(name) ?? volume(labels, memory?.sizeBytes);
      const isOurs = Object.entries(labels).every(([label, of]) => found.labels[label] === of);
      if (!isOurs) throw new EngineError('volume.not_ours', name);
      this.#volumes.set(name, found);
    }
  }

  /** Those that carry all these labels. */
  list(labels: FakeVolume['labels']): StoredVolume[] {
    return [...this.#volumes]
      .map(([name, volume]) => ({ name, labels: volume.labels }))
      .filter((volume) =>
        Object.entries(labels).every(([label, of]) => volume.labels[label] === of),
      );
  }

  remove(name: string): boolean {
    return this.#volumes.delete(name);
  }

  /** For a container that runs until `ended`: memory that nobody has mounted any more is emptied. */
  mount(mounted: readonly NamedVolume[], ended: Promise<void>): void {
    const volumes = mounted.flatMap(({ name }) => this.#volumes.get(name) ?? []);
    for (const each of volumes) each.mounts += 1;
    void ended.then(() => {
      for (const each of volumes) {
        each.mounts -= 1;
        if (each.mounts === 0 && each.sizeBytes !== undefined) each.files.clear();
      }
    });
  }

  put(mounted: readonly NamedVolume[], { folder, name, content }: HelperFile): void {
    const target = mounted.find((each) => each.target === folder);
    const found = this.#volumes.get(target?.name ?? '');
    if (found === undefined) throw new EngineError('engine.failed', `no volume at ${folder}`);
    if (content.length > (found.sizeBytes ?? Number.POSITIVE_INFINITY)) {
      throw new EngineError('engine.no_space', 'no space left on device');
    }
    found.files.set(name, Buffer.from(content));
  }

  /** Null when there is no such file. */
  read(mounted: readonly NamedVolume[], path: string): Buffer | null {
    for (const { name, target } of mounted) {
      if (!path.startsWith(`${target}/`)) continue;
      const file = this.#volumes.get(name)?.files.get(path.slice(target.length + 1));
      if (file !== undefined) return file;
    }
    return null;
  }
}

function volume(labels: FakeVolume['labels'], sizeBytes: number | undefined): FakeVolume {
  return { labels, sizeBytes, files: new Map(), mounts: 0 };
}
