import type { connectPatient } from '@conjob/shared';
import { withLedgerCommands } from '../../../packages/shared/src/ledger/ledger-commands.ts';

export type Redis = ReturnType<typeof connectPatient>;

/** The scripts as Redis gets them, put together of their parts: by the names of their commands. */
export function ledgerScripts(): Map<string, string> {
  const scripts = new Map<string, string>();
  const collector = {
    defineCommand: (name: string, { lua }: { lua: string }) => void scripts.set(name, lua),
  };
  withLedgerCommands(collector as unknown as Redis);
  return scripts;
}
