import { createHash } from 'node:crypto';
import { RUN_QUEUE } from './keys.ts';

/** What a worker has, or a job needs: `{arch: 'arm64', gpu: 'true'}`. */
export type Labels = Readonly<Record<string, string>>;

/** One text for equal requirements, in whatever order they were written. */
export function canonicalRequires(requires: Labels): string {
  return JSON.stringify(Object.entries(requires).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The way back from {@link canonicalRequires}. */
export function parseRequires(canonical: string): Labels {
  return Object.fromEntries(JSON.parse(canonical) as [string, string][]);
}

/**
 * The queue of jobs with these requirements: one for each different set, so that a worker takes only
 * from queues whose jobs it can run. Jobs that need nothing in particular share one.
 */
export function queueOf(requires: Labels): string {
  if (Object.keys(requires).length === 0) return RUN_QUEUE;
  const hash = createHash('sha256').update(canonicalRequires(requires)).digest('hex');
  return `${RUN_QUEUE}.${hash.slice(0, 12)}`;
}

/** Whether a worker with these labels can run a job that requires those. */
export function fits(requires: Labels, labels: Labels): boolean {
  return Object.entries(requires).every(([name, value]) => labels[name] === value);
}

/** `arch=arm64, gpu=true`. */
export function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}
