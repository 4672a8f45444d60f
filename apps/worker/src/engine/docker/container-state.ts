import type { ContainerState } from '../engine.ts';

/** The part of an inspection that we read. */
interface DockerState {
  readonly Status: string;
  readonly ExitCode: number;
  readonly OOMKilled: boolean;
  readonly FinishedAt: string;
}

export function containerState(state: DockerState): ContainerState {
  const status = statusOf(state.Status);
  const finishedAt = status === 'exited' ? Date.parse(state.FinishedAt) : Number.NaN;
  return {
    status,
    exitCode: state.ExitCode,
    outOfMemory: state.OOMKilled,
    finishedAt: Number.isNaN(finishedAt) ? null : finishedAt,
  };
}

export function statusOf(status: string): ContainerState['status'] {
  if (status === 'created') return 'created';
  return ['exited', 'dead', 'removing'].includes(status) ? 'exited' : 'running';
}
