import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keys, RUN_QUEUE } from '../keys.ts';
import { LinesModel, type Waiting } from '../testing/lines-model.ts';
import { jobResult, jobSpec, useLedger } from '../testing/use-ledger.ts';
import type { Claim } from './claim.ts';
import { Lines } from './lines.ts';

const ledger = useLedger();
const FAILED = jobResult({ conclusion: 'FAILURE', exitCode: 1 });

const submission = fc.record({
  move: fc.constant('submit' as const),
  group: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  priority: fc.constantFrom(-1, 0, 0, 0, 1),
  count: fc.integer({ min: 1, max: 4 }),
});
/** Which one of those that can be moved so. */
const other = fc.record({
  move: fc.constantFrom('take', 'take', 'take', 'cancel', 'release', 'retry', 'finish'),
  which: fc.nat(),
});
const history = fc.array(fc.oneof(submission, other), { minLength: 10, maxLength: 60 });

/** The real lines and the model, side by side. */
class Game {
  readonly #model = new LinesModel();
  readonly #running: { readonly claim: Claim; readonly job: Waiting }[] = [];
  /** Of each group that waits, how often each other one was next since it began to wait for its turn. */
  readonly #passedBy = new Map<string, Map<string, number>>();
  readonly #runId: number;
  #made = 0;

  constructor(runId: number) {
    this.#runId = runId;
  }

  async submit(group: string, priority: number): Promise<void> {
    this.#made += 1;
    const id = `run-${this.#runId}-${String(this.#made).padStart(4, '0')}`;
    await ledger.submissions.accept({ id, group, spec: jobSpec({ priority }) });
    this.#model.join({ id, group, priority, since: (await ledger.find(id)).createdAt });
  }

  /** Any ticket will do: what is taken is what is next. */
  async take(): Promise<string | null> {
    const expected = this.#model.take();
    const attempts = ledger.worker('first');
    const outcome = await attempts.take('a-ticket', RUN_QUEUE, ledger.newToken());
    if (expected === undefined) {
      expect(outcome.kind).toBe('missing');
      return null;
    }
    expect(outcome).toMatchObject({ kind: 'claimed', claim: { id: expected.id } });
    if ('claim' in outcome) this.#running.push({ claim: outcome.claim, job: expected });
    this.#notePassing(expected.group);
    return expected.id;
  }

  async cancel(which: number): Promise<void> {
    const { waiting } = this.#model;
    const job = waiting[which % waiting.length];
    if (job === undefined) return;
    await ledger.submissions.cancel(job.id, 'enough');
    this.#model.leave(job.id);
    if (!this.#model.groups.includes(job.group)) this.#passedBy.delete(job.group);
  }

  async end(how: 'release' | 'retry' | 'finish', which: number): Promise<void> {
    const [ended] = this.#running.splice(which % Math.max(1, this.#running.length), 1);
    if (ended === undefined) return;
    const { claim, job } = ended;
    const attempts = ledger.worker('first');
    if (how === 'finish') return attempts.finish(claim, jobResult());
    if (how === 'release') {
      await attempts.release(claim);
      // Also after another attempt, it has the place again that it had from the beginning.
      this.#model.join({ ...job, since: (await ledger.find(claim.id)).createdAt });
      return;
    }
    await attempts.retry(claim, FAILED, 0);
    const { retryAt } = await ledger.find(claim.id);
    this.#model.join({ ...job, since: retryAt ?? 0 });
  }

  /** The turns are those of the model, and everybody knows his place. */
  async check(): Promise<void> {
    const { groups, waiting } = this.#model;
    expect(await ledger.redis.zrange(keys.turns(RUN_QUEUE), '0', '-1')).toEqual(groups);
    const positions = new Map<string, number | null>();
    for (const { id } of waiting) positions.set(id, await new Lines(ledger.redis).position({ id }));
    for (let place = 0; place < waiting.length; place += 1) {
      const id = (await this.take()) ?? '';
      expect(positions.get(id)).toBe(place);
    }
  }

  #notePassing(taken: string): void {
    this.#passedBy.delete(taken);
    for (const group of this.#model.groups) {
      if (group === taken) continue;
      const passed = this.#passedBy.get(group) ?? new Map<string, number>();
      passed.set(taken, (passed.get(taken) ?? 0) + 1);
      this.#passedBy.set(group, passed);
      expect(passed.get(taken), `${taken} before ${group}`).toBe(1);
    }
  }
}

test('no group waits for more than one job of each other group, and each keeps its order', async () => {
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(history, async (moves) => {
      await ledger.redis.flushall();
      runs += 1;
      const game = new Game(runs);
      for (const each of moves) {
        if (each.move === 'submit') {
          for (let n = 0; n < each.count; n += 1) await game.submit(each.group, each.priority);
        } else if (each.move === 'take') await game.take();
        else if (each.move === 'cancel') await game.cancel(each.which);
        else await game.end(each.move as 'finish', each.which);
      }
      await game.check();
    }),
    { numRuns: 60 },
  );
});
