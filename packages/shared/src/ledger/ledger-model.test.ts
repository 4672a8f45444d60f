import { describe, expect, test } from 'vitest';
import { expectAsModelled, expectLeases, newGame, newJob } from '../testing/ledger-game.ts';
import type { Model } from '../testing/ledger-model.ts';
import { CHANCES } from '../testing/ledger-moves.ts';
import { SEEDS, seededRandom } from '../testing/random.ts';
import { useLedger } from '../testing/use-ledger.ts';

const ledger = useLedger();
const TURNS = 150;

/** What random play did, over all seeds: what it never did is not tested. */
const made = new Set<string>();

function note(name: string, before: Model, after: Model): void {
  if (after.state !== before.state) made.add(`${before.state} → ${after.state} by ${name}`);
  else if (name === 'adopt' && after.token !== before.token) {
    made.add(after.worker === before.worker ? 'adopted its own' : 'adopted from another');
  }
}

describe('the ledger', () => {
  test.each(SEEDS)('does what a simple model of it does (seed %i)', async (seed) => {
    const game = await newGame(ledger, seededRandom(seed));
    const { jobs, random } = game;
    for (let turn = 0; turn < TURNS; turn += 1) {
      const index = random.below(jobs.length);
      const model = jobs[index] as Model;
      const before = { ...model };
      const { name, move } = random.pick(CHANCES);
      try {
        await move(game, model);
        await expectAsModelled(game, model, before.state);
        await expectLeases(game);
      } catch (error) {
        throw new Error(`turn ${turn}: ${name} of ${model.id}`, { cause: error });
      }
      note(name, before, model);
      if (model.state === 'forgotten' && random.below(4) === 0) jobs[index] = await newJob(game);
    }
    // What happened to one changed none of the others.
    for (const model of jobs) await expectAsModelled(game, model, model.state);
  });

  test('has been in every state, and left it in every way', () => {
    expect([...made].sort()).toEqual([
      'adopted from another',
      'adopted its own',
      'finished → forgotten by remove',
      'queued → finished by cancel',
      'queued → finished by finishQueued',
      'queued → running by claim',
      'running → finished by expireLease',
      'running → finished by finish',
      'running → finished by release',
      'running → finished by retry',
      'running → queued by expireLease',
      'running → queued by release',
      'running → queued by retry',
    ]);
  });
});
