import { z } from 'zod';
import { MAX_SECRET_ENV_BYTES, MAX_SECRET_VARIABLES } from './secrets/secret-env.ts';

/** Text that UTF-8 can carry: half a surrogate pair would become something else on its way. */
export const utf8Text = z
  .string()
  .refine((value) => value.isWellFormed(), 'Must not contain half a surrogate pair.');
/** Text that can be an argument of a process: no NUL. */
export const text = utf8Text.refine(
  (value) => !value.includes('\0'),
  'Must not contain a NUL character.',
);
/** A record that refuses the one key that zod drops without a word. */
export const texts = (name: z.ZodString, value: z.ZodString) =>
  z
    .custom<Record<string, string>>()
    .check(({ value: given, issues }) => {
      if (typeof given !== 'object' || given === null || !Object.hasOwn(given, '__proto__')) return;
      const message = 'A name can not be __proto__.';
      issues.push({ code: 'custom', message, input: given, path: ['__proto__'] });
    })
    .pipe(z.record(name, value));

export const environment = texts(
  utf8Text
    .regex(/^[^=\0]{1,255}$/, 'A name has 1 to 255 characters, none of them = or NUL.')
    .refine((name) => !name.startsWith('CONJOB_'), 'Names that begin with CONJOB_ are taken.'),
  text,
);

/** Messages never show a value. */
export const secretEnvironment = environment
  .refine(
    (values) => Object.keys(values).length <= MAX_SECRET_VARIABLES,
    `At most ${MAX_SECRET_VARIABLES} variables.`,
  )
  .refine(
    (values) => Buffer.byteLength(Object.values(values).join('')) <= MAX_SECRET_ENV_BYTES,
    `All values together have at most ${MAX_SECRET_ENV_BYTES} bytes. Larger ones go to standard input, or into the secret of the image.`,
  );
