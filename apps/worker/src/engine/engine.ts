import type { JobErrorCode, OutputChunk, PullProgress, Sandbox } from '@conjob/shared';
import type { RegistryLogin } from '../registry/registry-login.ts';

/**
 * What a worker needs of a container engine: the one seam between a job and Docker.
 *
 * Order of calls for one container: `create` → (`attach` ∥ `watchExit`) → `start` → output ends and
 * the exit is known → `remove`. Attaching or watching after `start` can lose output or hang, so
 * implementations may rely on this order. `inspect`, `stop` and `remove` are allowed at any time.
 *
 * `stop` and `remove` are idempotent: a container that is already stopped, or gone, is success.
 * Calls for different containers may run side by side. Every call has a deadline of its own and
 * throws {@link EngineError}, also for an engine that is mute; `attach` and `watchExit` have one until
 * they are under way, and a pull takes as long as its signal allows.
 */
export interface Engine {
  /** Whether it answers. Fails also for one that shuts down: it takes no new connections any more. */
  ping(): Promise<void>;
  /** Fails also while it answers, but can start no container. */
  describe(): Promise<EngineDescription>;
  /** Fails while the disk has no space for even a small image. Leaves nothing behind. */
  probeSpace(): Promise<void>;

  /** The image as this engine has it, or null. */
  findImage(reference: string): Promise<LocalImage | null>;
  /** Fetches from the registry, with the login for that and no other one; also when a local copy exists. Aborting `signal` gives up. */
  pull(reference: string, options: PullOptions): Promise<void>;
  /** Throws `image.unauthorized` when the registry, a domain of image references, refuses the login. */
  checkLogin(registry: string, login: RegistryLogin): Promise<void>;
  /** False when the image is in use or not there. */
  removeImage(reference: string): Promise<boolean>;

  /** Takes the name of the spec: a second create with the same name fails. */
  create(spec: ContainerSpec): Promise<ContainerId>;
  attach(id: ContainerId, options: AttachOptions): Promise<Attachment>;
  watchExit(id: ContainerId, condition: ExitCondition): Promise<ExitWatch>;
  /** Throws {@link NetworkGoneError} when the network that it is to join is gone; `create` may as well. */
  start(id: ContainerId): Promise<void>;
  /** The image's stop signal, then after the grace SIGKILL. Returns when the container has ended. */
  stop(id: ContainerId, graceSeconds: number): Promise<void>;
  /** All output from the first byte, until the container ends. For one whose attachment broke. */
  followOutput(id: ContainerId): Promise<Attachment>;
  /** Null when there is no such container. */
  inspect(id: ContainerId): Promise<ContainerState | null>;
  /** How the container ended, as far as the engine saw that: it only remembers for a while, and while it runs. */
  recallEnd(id: ContainerId): Promise<RecalledEnd>;
  /**
   * True when the engine was restarted since it started the container: what it was about to pass on, or
   * to write down, of the output is gone then. False also when it can't tell any more.
   */
  wasRestartedSince(id: ContainerId): Promise<boolean>;
  /** With its anonymous volumes, also while it runs. */
  remove(idOrName: string): Promise<void>;
  /** Containers that carry all these labels: any, or only those that have not ended, which is cheap. */
  list(
    labels: Readonly<Record<string, string>>,
    which?: 'all' | 'unended',
  ): Promise<ListedContainer[]>;
}

export type ContainerId = string;

export interface EngineDescription {
  /** Unique for each engine. */
  readonly id: string;
  readonly version: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Names of the OCI runtimes that it is configured with; whether they work shows only with a container. */
  readonly runtimes: readonly string[];
  readonly defaultRuntime: string;
  /** Containers have its default filter of system calls. */
  readonly hasSeccomp: boolean;
  /** What it can limit: what it can't, it leaves out with no more than a warning. */
  readonly limits: Readonly<Record<'memory' | 'swap' | 'cpus' | 'pids', boolean>>;
}

export interface LocalImage {
  /** `sha256:…` of the configuration: names exactly this image on this engine. */
  readonly id: string;
  /** `repository@sha256:…`, as registries know it; empty for an image made here. */
  readonly repoDigests: readonly string[];
  /** `linux/amd64`, `linux/arm64/v8`. */
  readonly platform: string;
  /** As the image has it: a name, a number, either with a group; empty for root. */
  readonly user: string;
  /** Folders that it declares as volumes. */
  readonly volumes: readonly string[];
}

export interface PullOptions {
  readonly platform: string | undefined;
  /** Called whenever it has come further, which can be often. */
  readonly onProgress?: ((progress: PullProgress) => void) | undefined;
  readonly signal: AbortSignal;
}

export interface ContainerSpec {
  readonly name: string;
  /** Reference or id of an image that the engine has. */
  readonly image: string;
  readonly entrypoint: readonly string[] | undefined;
  /** Empty: the image's own. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly stdin: boolean;
  readonly sandbox: Sandbox;
  /**
   * The running container whose network it joins, instead of one of its own. What goes with it, host name,
   * `/etc/hosts` and the like, is that container's too.
   */
  readonly joins?: ContainerId;
  readonly volumes: readonly NamedVolume[];
  /** Grace of an engine that stops by itself. */
  readonly stopTimeoutSeconds: number;
  /** The engine keeps at least this much output for {@link Engine.followOutput}. */
  readonly logBytes: number;
}

/** Made, with these labels, when it is not there. One of this name without them is `volume.not_ours`. */
export interface NamedVolume {
  readonly name: string;
  readonly target: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The container can't write to it. Default false. */
  readonly isReadOnly?: boolean;
  /**
   * In the memory of the engine's host: what is written to it is there while a container that mounts it runs,
   * and gone with the last one. It gets to no disk, unless the host swaps. Default: on disk.
   */
  readonly memory?: MemoryLimits;
}

export interface MemoryLimits {
  /** What does not fit is refused when it is written. */
  readonly sizeBytes: number;
  /** Of the folder that the volume is. It is root's. */
  readonly mode: number;
}

export interface AttachOptions {
  /** Written to standard input, which is then closed. Undefined: no standard input. */
  readonly input: Buffer | undefined;
}

/**
 * The output of a container, while it is written. Reading slower than the container writes slows the
 * container, and loses nothing; but it must go on being read while the container is stopped.
 * The end of it is no proof that the container has ended.
 */
export interface Attachment {
  /** Each chunk is there until the next one is asked for: what is to be kept has to be copied. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Lets go of it; what reads `output` sees its end. */
  destroy(): void;
}

/** `next-exit`: register before `start`. `not-running`: for a container that has been started. */
export type ExitCondition = 'next-exit' | 'not-running';

export interface ExitWatch {
  /** Rejects with {@link EngineError} when the engine goes away; then only `inspect` can tell. */
  readonly exitCode: Promise<number>;
  destroy(): void;
}

export interface ContainerState {
  readonly status: 'created' | 'running' | 'exited';
  /** Of an exited one. */
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** Milliseconds since the epoch, by the engine's clock; null before. */
  readonly finishedAt: number | null;
}

/**
 * - `own`: by itself. `told`: the engine had told it to, or does so whenever it goes or comes.
 * - `unattended`: what watched over it was killed, and the container with it: its exit code is made up.
 * - `unknown`: not at all, or nobody can tell any more.
 */
export type RecalledEnd = 'own' | 'told' | 'unattended' | 'unknown';

export interface ListedContainer {
  readonly id: ContainerId;
  readonly labels: Readonly<Record<string, string>>;
  /** When the list was made. */
  readonly status: ContainerState['status'];
  /** Milliseconds since the epoch, by the engine's clock. */
  readonly createdAt: number;
}

/** What an engine could not do, as an entry of the job error catalogue. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: JobErrorCode;

  /** `message`: the engine's own words. */
  constructor(code: JobErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * The container whose network was to be joined does not run any more: nothing was started. `code`: what it is for
 * a container that was to join none, since the engine has no code of its own for this.
 */
export class NetworkGoneError extends EngineError {
  constructor(message: string, code: JobErrorCode = 'engine.failed', options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** The engine does not answer, or broke off: it may be back, and its containers may live. */
export function isEngineAway(error: unknown): error is EngineError {
  return error instanceof EngineError && error.code === 'engine.unavailable';
}
