import { z } from 'zod';

/** The environment as it is wrong: one line per bad variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads a configuration from environment variables. An empty variable counts as unset, but for those in
 * `mayNotBeEmpty`: where a password was not filled in, nobody may take that for a wish to have none. Throws {@link ConfigError} that names every bad variable at once.
 */
export function loadConfig<Schema extends z.ZodType>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
  mayNotBeEmpty: readonly string[] = [],
): Readonly<z.output<Schema>> {
  const given = Object.fromEntries(
    Object.entries(env).filter(([name, value]) => value !== '' || mayNotBeEmpty.includes(name)),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return Object.freeze(parsed.data);
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`These environment variables are wrong:\n${lines.join('\n')}`);
}

/** A variable that is a whole number within bounds. */
export function wholeNumber(minimum: number, maximum: number) {
  const message = `Must be a whole number from ${minimum} to ${maximum}.`;
  return z
    .string()
    .regex(/^\d{1,16}$/, message)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, message);
}
