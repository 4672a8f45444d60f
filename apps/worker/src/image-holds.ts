import { imageRepository, parseImageReference } from '@conjob/shared';
import { within } from './within.ts';

interface Repository {
  /** Calls that look at it: without any it is forgotten. */
  users: number;
  holders: number;
  /** Never rejects. */
  removing: Promise<unknown> | undefined;
  /** Settles with the next change. */
  changed: PromiseWithResolvers<void>;
}

/**
 * Keeps a job of this process from removing an image that another one is about to make a container of: from before
 * the look at it until there is that container, of which the engine itself takes care.
 */
export class ImageHolds {
  /** By repository: with the last tag of one, an engine also drops what it knows by digest. */
  readonly #repositories = new Map<string, Repository>();

  /** Holds the image while `use` runs; waits for a removal that is under way. */
  hold<T>(image: string, use: () => Promise<T>): Promise<T> {
    return this.#with(image, async (of) => {
      while (of.removing !== undefined) await of.removing;
      of.holders += 1;
      try {
        return await use();
      } finally {
        of.holders -= 1;
        announce(of);
      }
    });
  }

  /** What `remove` answers, when nobody holds the image; null when somebody did for all that time. */
  whenFree<T>(image: string, patienceMs: number, remove: () => Promise<T>): Promise<T | null> {
    return this.#with(image, async (of) => {
      const giveUpAt = performance.now() + patienceMs;
      while (of.holders > 0 || of.removing !== undefined) {
        const leftMs = giveUpAt - performance.now();
        if (leftMs <= 0) return null;
        await within(leftMs, of.changed.promise);
      }
      const removal = remove();
      of.removing = removal
        .catch(() => {})
        .finally(() => {
          of.removing = undefined;
          announce(of);
        });
      return await removal;
    });
  }

  async #with<T>(image: string, use: (of: Repository) => Promise<T>): Promise<T> {
    const name = imageRepository(parseImageReference(image));
    const of = this.#repositories.get(name) ?? unused();
    this.#repositories.set(name, of);
    of.users += 1;
    try {
      return await use(of);
    } finally {
      of.users -= 1;
      if (of.users === 0) this.#repositories.delete(name);
    }
  }
}

function unused(): Repository {
  return { users: 0, holders: 0, removing: undefined, changed: Promise.withResolvers() };
}

function announce(of: Repository): void {
  const { changed } = of;
  of.changed = Promise.withResolvers();
  changed.resolve();
}
