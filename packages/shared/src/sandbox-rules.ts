import { DEFAULT_PIDS, DEFAULT_PROFILES, type JobNetwork, type Profile } from './sandbox.ts';

/** What an operator allows at most. The worker's word counts; the API says the same earlier. */
export interface SandboxBounds {
  /** Default: `DEFAULT_PROFILES`. */
  readonly profiles?: readonly Profile[];
  readonly memoryBytes?: number | undefined;
  readonly cpus?: number | undefined;
  /** Default: `DEFAULT_PIDS`, but for trusted jobs. */
  readonly pids?: number | undefined;
}

/** The part of a job that its profile has a say in. */
export interface AskedSandbox {
  readonly profile: Profile;
  readonly network?: JobNetwork | undefined;
  readonly user?: string | undefined;
  readonly useDockerCache?: boolean | undefined;
  readonly resources: {
    readonly memoryBytes?: number | undefined;
    readonly cpus?: number | undefined;
    readonly pids?: number | undefined;
  };
}

export interface Refusal {
  readonly path: readonly string[];
  readonly message: string;
}

/** A number: a name could be an image's own for 0. */
const NON_ROOT = /^[1-9]\d{0,9}(?::[1-9]\d{0,9})?$/;
const MAX_ID = 2 ** 31 - 1;

/** Whether a user is surely not root, whatever the image says: `1000` or `1000:1000`. */
export function isNonRoot(user: string): boolean {
  return NON_ROOT.test(user) && user.split(':').every((id) => Number(id) <= MAX_ID);
}

/** Why a job can't be run as it asks: it exceeds the bounds, or contradicts its own profile. */
export function refusals(asked: AskedSandbox, bounds: SandboxBounds): Refusal[] {
  return [
    ...wrongProfile(asked, bounds),
    ...(asked.profile === 'untrusted' ? contradictions(asked) : []),
    ...excesses(asked, bounds),
  ];
}

function wrongProfile({ profile }: AskedSandbox, { profiles = DEFAULT_PROFILES }: SandboxBounds) {
  if (profiles.includes(profile)) return [];
  const message = `${profile} is not allowed here: only ${profiles.join(', ')}.`;
  return [{ path: ['profile'], message }];
}

function contradictions({ network, user, useDockerCache }: AskedSandbox): Refusal[] {
  const found: Refusal[] = [];
  if (network === 'bridge') {
    found.push({ path: ['network'], message: 'An untrusted job has no network.' });
  }
  if (user !== undefined && !isNonRoot(user)) {
    const message =
      'An untrusted job runs as a number that is not 0, as in 1000 or 1000:1000: a name may be root in its image.';
    found.push({ path: ['user'], message });
  }
  if (useDockerCache === true) {
    found.push({
      path: ['useDockerCache'],
      message: 'An untrusted job shares nothing with others.',
    });
  }
  return found;
}

function excesses({ profile, resources }: AskedSandbox, bounds: SandboxBounds): Refusal[] {
  const pids = bounds.pids ?? (profile === 'trusted' ? undefined : DEFAULT_PIDS);
  const limits = { memoryBytes: bounds.memoryBytes, cpus: bounds.cpus, pids };
  return Object.entries(limits).flatMap(([name, limit]) => {
    const wish = resources[name as keyof typeof limits];
    if (wish === undefined || limit === undefined || wish <= limit) return [];
    const message = `Must be at most ${limit}, the configured maximum.`;
    return [{ path: ['resources', name], message }];
  });
}
