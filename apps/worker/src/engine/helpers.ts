import type { ContainerId, NamedVolume } from './engine.ts';

/**
 * Containers of an image of our own, beside those of jobs: a helper runs, does nothing, and so holds
 * what belongs to a running container, a network namespace or a volume in memory.
 *
 * The image needs no registry: it is made of a program of some hundred bytes in ConJob itself, for the
 * architecture of the engine, and made again whenever it is not there. A helper has no rights, writes
 * nothing to the engine's disk, and ends on `stop` at once. Its id is one like any other: `inspect`,
 * `list`, `stop` and `remove` of `Engine` take it. Calls have deadlines and throw `EngineError`, as there.
 */
export interface Helpers {
  /** The name of the image, where it has been made. */
  readonly image: string;
  /** Makes sure that the engine has the image. May be called at any time, by many at once. */
  ensureImage(): Promise<void>;
  /**
   * Makes a helper, with the image if need be. Returns when it runs. When it throws, one by this name may be left: of an engine
   * that was too slow to answer.
   */
  start(spec: HelperSpec): Promise<ContainerId>;
  /** Begins to look at a running helper from inside. */
  openView(helper: ContainerId): Promise<HelperView>;
  /** Writes a file of a running helper, in a folder where it has mounted a volume. */
  putFile(helper: ContainerId, file: HelperFile): Promise<void>;
  /** False when a container has it, running or not, or when it is not there. */
  removeVolume(name: string): Promise<boolean>;
}

export interface HelperSpec {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: 'bridge' | 'none';
  readonly volumes: readonly NamedVolume[];
  /** Default: the engine's own. */
  readonly runtime?: string;
}

/** What a helper sees of what it holds. */
export interface HelperView {
  /**
   * All that the kernel tells of its network namespace, and of the files that a container which joins it
   * can write to. Two looks are equal when in between nothing was sent or received, no socket was left, no
   * address, route or neighbour came or went, and no such file was touched. One at a time.
   * Throws `EngineError` when it does not answer in time, or has ended.
   */
  look(): Promise<string>;
  /** Resolves when it has ended, or the engine has; never rejects. */
  readonly gone: Promise<void>;
  close(): void;
}

export interface HelperFile {
  /** Absolute; the target of a volume of the helper. */
  readonly folder: string;
  readonly name: string;
  readonly content: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}
