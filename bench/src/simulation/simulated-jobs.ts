import type { PlainAnswer } from './plain-client.ts';

/** What every fake engine has. */
export const SIMULATED_IMAGE = 'noop';

/** The path of a request that runs a job: without a word it does nothing, else it prints that. */
export function runPath(word?: string): string {
  const args = word === undefined ? '&arg=true' : `&arg=echo&arg=${word}`;
  return `/job/run?image=${SIMULATED_IMAGE}&network=none&pull=never&remove=true${args}`;
}

/** The same for a job that takes its time before it prints the word. */
export function slowPath(word: string, seconds: number): string {
  const script = encodeURIComponent(`sleep ${seconds}; echo ${word}`);
  return `/job/run?image=${SIMULATED_IMAGE}&network=none&pull=never&remove=true&arg=sh&arg=-c&arg=${script}`;
}

/** Throws unless this is the right answer of the job that was to print the word, or nothing. */
export function checkPrinted({ status, head, body }: PlainAnswer, word?: string): void {
  if (status === 200 && body === (word === undefined ? '' : `${word}\n`)) return;
  throw new Error(`the job that prints ${word ?? 'nothing'} was answered:\n${head}\n\n${body}`);
}

/** A refusal that says when to come again; no job was run for it. */
export function isRefused({ status, head }: PlainAnswer): boolean {
  return (status === 429 || status === 503) && /\r\nretry-after: \d+/i.test(head);
}

/** The path of a request that queues a job; by default one that does nothing. */
export function submitPath(...args: readonly string[]): string {
  const command = (args.length > 0 ? args : ['true']).map((arg) => `&arg=${arg}`).join('');
  return `/jobs?image=${SIMULATED_IMAGE}&network=none&pull=never&remove=true${command}`;
}

/** A job that no worker can run: it waits. */
export const UNFIT_JOB = JSON.stringify({ image: SIMULATED_IMAGE, requires: { fit: 'nobody' } });
