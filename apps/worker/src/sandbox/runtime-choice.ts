import type { Logger, Profile, Sandbox } from '@conjob/shared';
import { type EngineDescription, isEngineAway } from '../engine/engine.ts';
import { decideSandbox } from './decide-sandbox.ts';
import { type ProbeHost, probeRuntime } from './probe-runtime.ts';
import type { SandboxSettings } from './sandbox-settings.ts';

/** Starts containers sooner, and costs less. */
const FASTER = 'crun';
/** Whoever made another one the engine's own had a reason. */
const USUAL = 'runc';

export interface RuntimeChoiceOptions {
  readonly settings: SandboxSettings;
  /** Whether the operator leaves it to us by which runtime containers run. */
  readonly isFree: boolean;
  /** The engine as it is now. */
  readonly host: () => EngineDescription;
  readonly logger: Logger;
}

/**
 * By which OCI runtime jobs run, where the operator leaves that open: crun where it has proved to work, else the
 * engine's own. Until {@link make} has returned it is the latter.
 */
export class RuntimeChoice {
  readonly #options: RuntimeChoiceOptions;
  #isProven = false;

  constructor(options: RuntimeChoiceOptions) {
    this.#options = options;
  }

  /** As the operator wants them, with what was chosen. */
  get settings(): SandboxSettings {
    const { settings, host } = this.#options;
    // It may have been restarted without.
    const isThere = this.#isProven && host().runtimes.includes(FASTER);
    return isThere ? { ...settings, runtime: FASTER } : settings;
  }

  /** Of all jobs whose profile has none of its own, by the engine's name for it. */
  get runtime(): string {
    return this.settings.runtime ?? this.#options.host().defaultRuntime;
  }

  /** Tries it, if need be, and says once what was chosen, and why. Throws when the engine is away. */
  async make(on: ProbeHost): Promise<void> {
    if (!this.#options.isFree) return;
    const { logger } = this.#options;
    const reason = await this.#whyNot(on);
    if (reason === null) {
      this.#isProven = true;
      logger.info(
        { runtime: this.runtime },
        'jobs run by crun: containers of ours have shown that it works',
      );
    } else {
      logger.info({ runtime: this.runtime, reason }, 'jobs run by the runtime of the engine');
    }
  }

  async #whyNot(on: ProbeHost): Promise<string | null> {
    const { runtimes, defaultRuntime } = this.#options.host();
    if (defaultRuntime !== USUAL) return `its own one is ${defaultRuntime}`;
    if (!runtimes.includes(FASTER)) return `it does not offer ${FASTER}`;
    const [first, ...more] = this.#sandboxes();
    if (first === undefined) return `no profile would use ${FASTER}`;
    try {
      await probeRuntime(on, [first, ...more]);
      return null;
    } catch (error) {
      if (isEngineAway(error)) throw error;
      return `${FASTER} does not work: ${(error as Error).message}`;
    }
  }

  /** In which jobs would run by it: one for each profile. */
  #sandboxes(): Sandbox[] {
    const { settings, host } = this.#options;
    return settings.profiles.flatMap((profile) => {
      const sandbox = sandboxOf(profile, { ...settings, runtime: FASTER }, host());
      return sandbox?.runtime === FASTER ? [sandbox] : [];
    });
  }
}

/** Null where jobs of this profile are refused. */
function sandboxOf(
  profile: Profile,
  settings: SandboxSettings,
  host: EngineDescription,
): Sandbox | null {
  const job = { profile, network: 'none', user: undefined, init: false } as const;
  const plain = { ...job, useDockerCache: false, resources: {} };
  try {
    return decideSandbox(plain, { user: '', volumes: [] }, host, settings);
  } catch {
    return null;
  }
}
