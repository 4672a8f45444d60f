import { describe, expect, test } from 'vitest';
import { every } from './every.ts';

describe('every', () => {
  test('runs its task over and over, never twice at once', async () => {
    let running = 0;
    let runs = 0;
    const enough = Promise.withResolvers<void>();
    const end = every(
      1,
      async () => {
        running += 1;
        expect(running).toBe(1);
        await Promise.resolve();
        running -= 1;
        runs += 1;
        if (runs === 3) enough.resolve();
      },
      enough.reject,
    );
    await enough.promise;
    await end();
  });

  test('goes on after an error, which it reports', async () => {
    const errors: unknown[] = [];
    const enough = Promise.withResolvers<void>();
    const end = every(
      1,
      async () => {
        throw new Error('once more');
      },
      (error) => {
        if (errors.push(error) === 2) enough.resolve();
      },
    );
    await enough.promise;
    await end();
    expect(errors[0]).toMatchObject({ message: 'once more' });
  });

  test('waits at its end for the run that is under way, and runs no more', async () => {
    const begun = Promise.withResolvers<void>();
    const done = Promise.withResolvers<void>();
    let runs = 0;
    const end = every(
      1,
      async () => {
        runs += 1;
        begun.resolve();
        await done.promise;
      },
      () => {},
    );
    await begun.promise;
    let ended = false;
    const ending = end().then(() => {
      ended = true;
    });
    await Promise.resolve();
    expect(ended).toBe(false);
    done.resolve();
    await ending;
    expect(runs).toBe(1);
  });
});
