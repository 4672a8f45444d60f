import { LIMIT_NAMES, type LimitName, type LimitValues } from '@conjob/shared';

/** What an operator calls a limit: `conjob.job.limit.maxConcurrentRuns`. */
const PREFIX = 'conjob.job.limit.';

export const configKey = (name: LimitName): string => PREFIX + name;

/** As the body of a form, which sets exactly these values. */
export function limitsForm(values: LimitValues): string {
  return LIMIT_NAMES.map((name) => `${configKey(name)}=${values[name]}`).join('&');
}
