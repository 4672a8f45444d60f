/** What is wrong with one variable, when all of them are looked at together. */
export interface Complaint {
  readonly variable: string;
  readonly message: string;
}

/** Of two variables that only make sense together, the one that is missing. */
export function missingHalf<Name extends string>(
  env: Readonly<Partial<Record<Name, string | undefined>>>,
  one: Name,
  other: Name,
): Complaint[] {
  if ((env[one] === undefined) === (env[other] === undefined)) return [];
  const [missing, given] = env[one] === undefined ? [one, other] : [other, one];
  return [{ variable: missing, message: `Must be set as well, since ${given} is.` }];
}
