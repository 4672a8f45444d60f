import type { ConJob } from './conjob.ts';
import type { Stage } from './stage.ts';

/** The ways of a worker to give its jobs a network. */
const VARIANTS = {
  reuse: {},
  never: { WORKER_SANDBOX_REUSE: 'never' },
  noPool: { WORKER_SANDBOX_POOL: 'off' },
  crun: { CONTAINER_RUNTIME: 'crun' },
} as const;
export type Variant = keyof typeof VARIANTS;

export const VARIANT_NAMES: Readonly<Record<Variant, string>> = {
  reuse: 'ConJob',
  never: 'ConJob, held networks used once',
  noPool: 'ConJob without held networks',
  crun: 'ConJob by crun',
};

/** Those that an engine can run. */
export function variantsOn({ hasCrun }: Pick<Stage, 'hasCrun'>): Variant[] {
  const all = Object.keys(VARIANTS) as Variant[];
  return all.filter((variant) => hasCrun || variant !== 'crun');
}

export type ConJobs = Readonly<Partial<Record<Variant, ConJob>>>;

/** Gives `use` a ConJob of each variant at the same time, on one engine, to be measured in turns. */
export function withVariants<T>(
  stage: Stage,
  env: Readonly<Record<string, string>>,
  use: (conJobs: ConJobs) => Promise<T>,
): Promise<T> {
  const start = (variants: readonly Variant[], conJobs: ConJobs): Promise<T> => {
    const [variant, ...others] = variants;
    if (variant === undefined) return use(conJobs);
    // Each has a database of its own; what is in 0 is nobody's.
    const own = { ...VARIANTS[variant], REDIS_URL: `${stage.redisUrl}/${variants.length}` };
    return stage.withConJob({ ...env, ...own }, (conJob) =>
      start(others, { ...conJobs, [variant]: conJob }),
    );
  };
  return start(variantsOn(stage), {});
}

/** Throws when there is none. */
export function conJobOf(conJobs: ConJobs, variant: Variant): ConJob {
  const conJob = conJobs[variant];
  if (conJob === undefined) throw new Error(`there is no ${VARIANT_NAMES[variant]}`);
  return conJob;
}
