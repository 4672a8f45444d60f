import type { LedgerCommands } from './ledger-commands.ts';

interface RipeOptions {
  readonly limit: number;
  readonly horizonMs?: number;
}

/** Those in a set of ids by time whose time has come by the clock of Redis, or comes within `horizonMs`, the first ones first. */
export async function ripe(
  commands: Pick<LedgerCommands, 'conjobRipe'>,
  key: string,
  { limit, horizonMs = 0 }: RipeOptions,
): Promise<{ readonly id: string; readonly at: number }[]> {
  const found = await commands.conjobRipe(key, horizonMs, limit);
  return found.flatMap((id, index) =>
    index % 2 === 0 ? [{ id, at: Number(found[index + 1]) }] : [],
  );
}
