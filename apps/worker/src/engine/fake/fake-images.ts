import { createHash } from 'node:crypto';
import { EngineError, type LocalImage, type PullOptions } from '../engine.ts';

export interface FakeImage {
  readonly platform?: string;
  readonly user?: string;
  readonly volumes?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

export interface StoredImage extends LocalImage, FakeImage {
  readonly platform: string;
  readonly user: string;
  readonly volumes: readonly string[];
}

/** What the registry of a fake engine does when it is asked for an image. */
export type RegistryAnswer = FakeImage | EngineError | 'mute';

/** The images of a fake engine, and the registry that it pulls from. Full references are the names. */
export class FakeImages {
  readonly #local = new Map<string, StoredImage>();
  readonly #registry = new Map<string, RegistryAnswer>();

  /** Also an answer for images that `publish` did not name; by default there are none. */
  fallback: RegistryAnswer = new EngineError('image.not_found', 'manifest unknown');

  /** Puts an image on the engine; returns it. */
  add(reference: string, image: FakeImage = {}): StoredImage {
    const digest = createHash('sha256').update(reference).digest('hex');
    const [repository = ''] = reference.split(/@|:(?=[^/]*$)/);
    const stored: StoredImage = {
      ...image,
      id: `sha256:${digest}`,
      repoDigests: [`${repository}@sha256:${digest}`],
      platform: image.platform ?? 'linux/amd64',
      user: image.user ?? '',
      volumes: image.volumes ?? [],
    };
    this.#local.set(reference, stored);
    return stored;
  }

  /** Decides what a pull of this image brings. */
  publish(reference: string, answer: RegistryAnswer = {}): void {
    this.#registry.set(reference, answer);
  }

  find(referenceOrId: string): StoredImage | undefined {
    return (
      this.#local.get(referenceOrId) ??
      [...this.#local.values()].find(({ id }) => id === referenceOrId)
    );
  }

  /** All that the engine has, by their references. */
  list(): [reference: string, image: StoredImage][] {
    return [...this.#local];
  }

  remove(reference: string): void {
    this.#local.delete(reference);
  }

  async pull(reference: string, { signal }: PullOptions): Promise<void> {
    signal.throwIfAborted();
    const answer = this.#registry.get(reference) ?? this.fallback;
    if (answer instanceof EngineError) throw answer;
    if (answer === 'mute') {
      await new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
    } else {
      this.add(reference, answer);
    }
  }
}
