import { ConfigError } from '@conjob/shared';

/** Throws `ConfigError` when the engine has no runtime of this name. Undefined: its own default. */
export function checkRuntime(runtime: string | undefined, known: readonly string[]): void {
  if (runtime === undefined || known.includes(runtime)) return;
  throw new ConfigError(
    `CONTAINER_RUNTIME: the engine has no runtime ${runtime}. It has ${known.join(', ')}.`,
  );
}
