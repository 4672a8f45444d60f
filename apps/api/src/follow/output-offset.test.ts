import { until } from '@conjob/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readLive } from '../testing/live-client.ts';
import { useHandApi } from '../testing/use-hand-api.ts';

const { api, worker } = useHandApi();

/** What a job writes, one attempt after the other, and what its reader does in between. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ writes: fc.uint8Array({ minLength: 1, maxLength: 40 }) }) },
  { weight: 1, arbitrary: fc.constant({ fails: true as const }) },
  { weight: 2, arbitrary: fc.constant({ reads: 'so far' as const }) },
  { weight: 2, arbitrary: fc.record({ reads: fc.integer({ min: 0, max: 60 }) }) },
);

async function begin() {
  const claim = await worker.take();
  await worker.attempts.advance(claim, 'started', 'running');
  return claim;
}

test('offset goes on where a reader was, with and without follow, also when the job runs again', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 16 }),
      fc.constantFrom(undefined, 'stdout', 'stderr'),
      async (steps, stream) => {
        const headers = { 'Content-Type': 'application/json' };
        const retry = { maxAttempts: 20, on: ['exit:1'] };
        const body = JSON.stringify({ image: 'any', retry });
        const { id } = (await api.call('/jobs', { method: 'POST', headers, body })).json;
        let [written, read] = ['', ''];
        const path = (follow: boolean) =>
          `/jobs/${id}/output?offset=${read.length}${follow ? '&follow=true' : ''}${stream ? `&stream=${stream}` : ''}`;
        const follow = () => readLive(`${api.api.url}${path(true)}`);
        let claim = await begin();
        for (const [index, each] of steps.entries()) {
          if ('writes' in each) {
            const data = Buffer.from(each.writes);
            const to = index % 2 === 0 ? 'stdout' : 'stderr';
            await worker.attempts.appendOutput(claim, [{ stream: to, data }]);
            if (stream === undefined || stream === to) written += data.toString('latin1');
          } else if ('fails' in each) {
            await worker.retry(claim, { conclusion: 'FAILURE', exitCode: 1 });
            claim = await begin();
          } else if (each.reads === 'so far') {
            read += (await api.call(path(false))).bytes.toString('latin1');
            expect(read).toBe(written);
          } else {
            const { reads } = each;
            const answer = follow();
            // It comes in pieces: what is more than that is read as well.
            await until(() => answer.text.length >= Math.min(reads, written.length - read.length));
            answer.leave();
            await answer.ended;
            read += answer.text;
            expect(written.startsWith(read)).toBe(true);
          }
        }
        const rest = follow();
        await worker.finish(claim);
        expect(await rest.ended).toBe('whole');
        expect(read + rest.text).toBe(written);
      },
    ),
    { numRuns: 50 },
  );
});
