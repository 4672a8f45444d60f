import type { Profile } from '@conjob/shared';

/** How an operator confines the containers of a worker. Undefined: see {@link decideSandbox}. */
export interface SandboxSettings {
  readonly profiles: readonly Profile[];
  /** Of each container, and what a job may ask for at most. */
  readonly memoryBytes: number | undefined;
  readonly swapBytes: number;
  readonly cpus: number | undefined;
  readonly pids: number | undefined;
  /** Of all but untrusted containers; undefined: the engine's own, or see `RuntimeChoice`. */
  readonly runtime: string | undefined;
  /** Undefined: gVisor where the engine has it, else that of the others. */
  readonly untrustedRuntime: string | undefined;
  /** Of each folder that an untrusted container can write to. */
  readonly untrustedTmpBytes: number;
}
