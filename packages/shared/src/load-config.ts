import { z } from 'zod';
import { DEFAULT_PROFILES, PROFILES, type Profile } from './sandbox.ts';

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

/** A variable that is true or false. */
export const flag = z
  .enum(['true', 'false'], 'Must be true or false.')
  .transform((text) => text === 'true');

/** A variable that is a number within bounds, as in 0.5. */
export function decimal(minimum: number, maximum: number) {
  const message = `Must be a number from ${minimum} to ${maximum}, as in 0.5.`;
  return z
    .string()
    .regex(/^\d{1,15}(\.\d{1,9})?$/, message)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, message);
}

const isProfile = (name: string): boolean => (PROFILES as readonly string[]).includes(name);

/** A variable with the profiles that an operator allows. */
export const profileList = z
  .string()
  .transform((list) => list.split(',').map((name) => name.trim()))
  .refine(
    (list) => list.every(isProfile),
    `Must be of ${PROFILES.join(', ')}, with commas between.`,
  )
  .transform((list) => list as readonly Profile[])
  .default(DEFAULT_PROFILES);
