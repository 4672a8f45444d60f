/** What an operator asks of all workers at once, on the channel `keys.volumeRemovals`, as JSON. */
export interface VolumeRemoval {
  /** Answers are put in the hash `keys.volumeAnswers(id)`, each under the name of its worker. */
  readonly id: string;
  /** Names of volumes; that of a Docker cache may lack the hash at its end. */
  readonly volumes: readonly string[];
}

/** How long the answers to a request are kept. */
export const VOLUME_ANSWERS_SECONDS = 120;

/**
 * - `in_use`: by something that is not of this ConJob, or by jobs that take it again and again: it stays.
 * - `not_ours`: the volume itself is not.
 */
export type VolumeOutcome = 'removed' | 'absent' | 'in_use' | 'not_ours' | 'failed';

/** What became of one volume on the host of one worker. */
export interface VolumeAnswer {
  /** As it was asked for. */
  readonly id: string;
  /** Its full name; the same when there is none. */
  readonly volume: string;
  readonly outcome: VolumeOutcome;
  /** Names of the containers that were removed with it; with `in_use`, of those that have it. */
  readonly containers: readonly string[];
  /** Why it was not removed, and which containers of ours were removed all the same; null when it was. */
  readonly reason: string | null;
}
