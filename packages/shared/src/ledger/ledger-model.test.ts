import { describe, expect, test } from 'vitest';
import { expectAsModelled, newGame } from '../testing/ledger-game.ts';
import { MOVES } from '../testing/ledger-moves.ts';
import { SEEDS, seededRandom } from '../testing/random.ts';
import { useLedger } from '../testing/use-ledger.ts';

const ledger = useLedger();
const TURNS = 120;

/** What random play did, over all seeds: a move that is never made proves nothing. */
const made = new Map<string, number>();

describe('the ledger', () => {
  test.each(SEEDS)('does what a simple model of it does (seed %i)', async (seed) => {
    const game = await newGame(ledger, seededRandom(seed));
    for (let turn = 0; turn < TURNS; turn += 1) {
      const before = game.jobs.map(({ state }) => state);
      const [name, move] = game.random.pick(Object.entries(MOVES));
      await move(game, game.random.pick(game.jobs)).catch((error: unknown) => {
        throw new Error(`turn ${turn}: ${name}`, { cause: error });
      });
      await expectAsModelled(game, before);
      for (const [index, { state }] of game.jobs.entries()) {
        const change = `${before[index]} → ${state} by ${name}`;
        made.set(change, (made.get(change) ?? 0) + 1);
      }
    }
  });

  test('has been in every state, and left it in every way', () => {
    const ways = [
      'queued → running by claim',
      'running → queued by release',
      'running → queued by retry',
      'running → queued by expireLease',
      'running → finished by finish',
      'running → finished by release',
      'running → finished by retry',
      'running → finished by expireLease',
      'running → running by adopt',
      'queued → finished by cancel',
      'queued → finished by finishQueued',
      'finished → forgotten by remove',
    ];
    expect(ways.filter((way) => !made.has(way))).toEqual([]);
  });
});
