import type { JobRequest, JobSpecSchema } from '@conjob/shared';
import type { z } from 'zod';
import type { RequestErrorCode } from '../http/request-error-catalogue.ts';
import { type FieldError, invalidFields } from '../http/request-errors.ts';
import { oversizedArguments } from './argument-limits.ts';

export interface CheckSpecOptions {
  /** The caller's own name of a path: `removeImage` of the spec is `remove_image` of the query. */
  readonly nameOf?: (path: string) => string;
  /** What is known to be wrong already. */
  readonly errors?: readonly FieldError[];
  readonly code?: RequestErrorCode;
  /** What the caller can do. */
  readonly hint?: string | undefined;
}

/** Checks a spec as a caller gave it. Throws one error that names everything that is wrong, once. */
export function checkSpec(
  schema: JobSpecSchema,
  given: unknown,
  { nameOf = (path) => path, errors: others = [], code, hint }: CheckSpecOptions = {},
): JobRequest {
  const named = (errors: FieldError[]) =>
    errors.map((error) => ({ ...error, path: nameOf(error.path) }));
  const parsed = schema.safeParse(given);
  if (!parsed.success || others.length > 0) {
    const errors = parsed.error ? specErrors(parsed.error, Object.keys(schema.in.shape)) : [];
    throw invalidFields(firstOfEachPath([...others, ...named(errors)]), code, hint);
  }
  const oversized = oversizedArguments(parsed.data);
  if (oversized.length > 0) {
    throw invalidFields(
      named(oversized),
      'argument.too_large',
      'Send large data by standard input: stdin=true, or stdin in a job spec.',
    );
  }
  return parsed.data;
}

function firstOfEachPath(errors: readonly FieldError[]): FieldError[] {
  const seen = new Set<string>();
  return errors.filter(({ path }) => !seen.has(path) && seen.add(path));
}

/** The schema's complaints, with paths such as `resources.memoryBytes` and `args[3]`. */
function specErrors(error: z.ZodError, known: readonly string[]): FieldError[] {
  return error.issues.flatMap((issue): FieldError[] => {
    if (issue.code === 'unrecognized_keys') {
      const list = issue.path.length === 0 ? ` Known are ${known.join(', ')}.` : '';
      return issue.keys.map((key) => ({
        path: pathText([...issue.path, key]),
        message: `Unknown field.${list}`,
      }));
    }
    const nested = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
    return [{ path: pathText(issue.path), message: sentence(nested ?? issue.message) }];
  });
}

/** Messages of zod itself end without a period. */
function sentence(message: string): string {
  return /[.)]$/.test(message) ? message : `${message}.`;
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}
