/** How a container is confined: `docs/security.md` says what each one is for. */
export const PROFILES = ['default', 'untrusted', 'trusted'] as const;
export type Profile = (typeof PROFILES)[number];

/** `trusted` gives what plain `docker run` does: only where an operator says so. */
export const DEFAULT_PROFILES: readonly Profile[] = ['default', 'untrusted'];
export const DEFAULT_PROFILE: Profile = 'default';
/** Processes and threads of a container, where an operator sets no other number. */
export const DEFAULT_PIDS = 512;

export const JOB_NETWORKS = ['bridge', 'none'] as const;
export type JobNetwork = (typeof JOB_NETWORKS)[number];

/** What really confines, or confined, the container of a job. */
export interface Sandbox {
  readonly profile: Profile;
  /** The OCI runtime, by the engine's name for it. */
  readonly runtime: string;
  readonly network: JobNetwork;
  /** Of those that the engine gives by default; `ALL` for every one. */
  readonly droppedCapabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  /** False where the engine has none. */
  readonly seccomp: boolean;
  readonly readOnlyRoot: boolean;
  /** Folders in memory, and how much each may take, in bytes. */
  readonly tmpfs: Readonly<Record<string, number>>;
  /** Null: the image's own. */
  readonly user: string | null;
  readonly init: boolean;
  /** Null for each: no limit but the host's own. */
  readonly memoryBytes: number | null;
  /** Beside the memory. */
  readonly swapBytes: number | null;
  readonly cpus: number | null;
  readonly pids: number | null;
}
