import type { ConJob } from './conjob.ts';
import type { Stage } from './stage.ts';

/** The ways of a worker to give its jobs a network. */
const VARIANTS = {
  reuse: {},
  never: { WORKER_SANDBOX_REUSE: 'never' },
  noPool: { WORKER_SANDBOX_POOL: 'off' },
} as const;
export type Variant = keyof typeof VARIANTS;

export const VARIANT_NAMES: Readonly<Record<Variant, string>> = {
  reuse: 'ConJob',
  never: 'ConJob, held networks used once',
  noPool: 'ConJob without held networks',
};

/** Gives `use` a ConJob of each variant at the same time, on one engine, to be measured in turns. */
export function withVariants<T>(
  { redisUrl, withConJob }: Stage,
  env: Readonly<Record<string, string>>,
  use: (conJobs: Readonly<Record<Variant, ConJob>>) => Promise<T>,
): Promise<T> {
  const start = (variant: Variant, database: number, then: (conJob: ConJob) => Promise<T>) =>
    withConJob({ ...env, ...VARIANTS[variant], REDIS_URL: `${redisUrl}/${database}` }, then);
  return start('reuse', 1, (reuse) =>
    start('never', 2, (never) => start('noPool', 3, (noPool) => use({ reuse, never, noPool }))),
  );
}
