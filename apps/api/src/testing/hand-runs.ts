import type { Claim } from '@conjob/shared';
import { expect } from 'vitest';
import type { Answer } from './http-client.ts';
import type { HandApi } from './use-hand-api.ts';

/** A run that waits, and the claim of its job. */
export interface HandRun {
  readonly answer: Promise<Answer>;
  readonly claim: Claim;
}

/** Runs whose caller waits while a worker by hand has the job. */
export function handRuns({ api, worker }: HandApi) {
  return {
    async start(path = '/job/run?image=alpine'): Promise<HandRun> {
      const answer = api.call(path, { method: 'POST' });
      return { answer, claim: await worker.take() };
    },
    async end({ answer, claim }: HandRun): Promise<void> {
      await worker.attempts.appendOutput(claim, [{ stream: 'stdout', data: Buffer.from('done') }]);
      await worker.finish(claim, { outputBytes: 4 });
      expect(await answer).toMatchObject({ status: 200, text: 'done' });
    },
  };
}
