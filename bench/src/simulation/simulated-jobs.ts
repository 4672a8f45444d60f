import type { PlainAnswer } from './plain-client.ts';

/** What every fake engine has. */
export const SIMULATED_IMAGE = 'noop';

/** The path of a request that runs a job: without a word it does nothing, else it prints that. */
export function runPath(word?: string): string {
  const args = word === undefined ? '&arg=true' : `&arg=echo&arg=${word}`;
  return `/job/run?image=${SIMULATED_IMAGE}&network=none&pull=never&remove=true${args}`;
}

/** Throws unless this is the right answer of the job that was to print the word. */
export function checkPrinted({ status, head, body }: PlainAnswer, word: string): void {
  if (status === 200 && body === `${word}\n`) return;
  throw new Error(`the job that prints ${word} was answered:\n${head}\n\n${body}`);
}
