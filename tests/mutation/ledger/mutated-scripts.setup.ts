import { inject, vi } from 'vitest';
import type { Redis } from './ledger-scripts.ts';
import { type LuaMutant, mutate } from './lua-mutants.ts';

declare module 'vitest' {
  interface ProvidedContext {
    luaMutant: LuaMutant | null;
  }
}

/** A vitest setup file: whatever opens a ledger gets the scripts with the change that is tried. */
vi.mock('../../../packages/shared/src/ledger/ledger-commands.ts', async (importOriginal) => {
  const original =
    await importOriginal<typeof import('../../../packages/shared/src/ledger/ledger-commands.ts')>();
  return {
    ...original,
    withLedgerCommands(redis: Redis) {
      const mutant = inject('luaMutant');
      if (mutant === null) return original.withLedgerCommands(redis);
      const define = redis.defineCommand.bind(redis);
      redis.defineCommand = (name, definition) => {
        define(name, { ...definition, lua: mutate(definition.lua, mutant) });
      };
      return original.withLedgerCommands(redis);
    },
  };
});
