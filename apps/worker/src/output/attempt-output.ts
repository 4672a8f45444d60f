import type { AdoptedClaim, Attempts, Claim, SecretValues } from '@conjob/shared';
import { MaskedRecorder } from './masked-recorder.ts';
import { OutputRecorder } from './output-recorder.ts';

export interface AttemptOutput {
  readonly recorder: OutputRecorder;
  /** What is to be masked; to be called before anything is written. */
  hide(values: SecretValues): void;
  /** A text for the record, without what is hidden. */
  cover(text: string): string;
}

/** What keeps the output of an attempt: only that of a job with a `secretEnv` is looked into. */
export function attemptOutput(
  attempts: Pick<Attempts, 'appendOutput'>,
  claim: Claim | AdoptedClaim,
  maxBytes: number,
): AttemptOutput {
  const append = attempts.appendOutput.bind(attempts, claim);
  const recorded = 'recordedBytes' in claim ? claim.recordedBytes : undefined;
  if (claim.spec.sealedEnv === undefined) {
    const recorder = new OutputRecorder(append, maxBytes, recorded);
    return { recorder, hide: () => {}, cover: (text) => text };
  }
  const seen = 'seenBytes' in claim ? (claim.seenBytes ?? undefined) : undefined;
  const recorder = new MaskedRecorder(append, maxBytes, recorded, seen);
  return {
    recorder,
    hide: (values) => recorder.hide(Object.values(values)),
    cover: (text) => recorder.cover(text),
  };
}
