import { keys, type Logger, type Releasers, redisTime } from '@conjob/shared';
import type { Redis } from 'ioredis';
import { askingRedis } from './asking-redis.ts';
import { ClockSkew } from './clock-skew.ts';
import type { WorkerConfig } from './config.ts';
import { defaultWorkerName } from './default-worker-name.ts';
import type { EngineDescription } from './engine/engine.ts';
import { installationId } from './installation.ts';
import type { Slots } from './intake/slots.ts';
import { createHeldNetworks } from './networks/create-held-networks.ts';
import type { HeldNetworks } from './networks/held-networks.ts';
import type { OpenedEngine } from './open-engine.ts';
import { orAbort } from './or-abort.ts';
import { RuntimeChoice } from './sandbox/runtime-choice.ts';
import { WorkerName } from './worker-name.ts';
import { workerReport } from './worker-report.ts';
import type { WorkerState } from './worker-state.ts';

export interface MembershipParts {
  readonly opened: OpenedEngine;
  /** The engine as it last said itself. */
  readonly host: () => EngineDescription;
  readonly redis: Redis;
  readonly state: WorkerState;
  readonly slots: Slots;
  readonly releasers: Releasers;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** What a worker is in its installation, and what of its engine is marked with that. */
export interface Membership {
  readonly name: WorkerName;
  /** On all that it makes on its engine. */
  readonly owner: { readonly installation: string; readonly worker: string };
  readonly skew: ClockSkew;
  readonly runtime: RuntimeChoice;
  readonly networks: HeldNetworks;
}

/**
 * Takes the name of a worker, and hears whether it is drained. Throws when `signal` aborts, and `NameTakenError`. The name
 * is given back by a releaser.
 */
export async function joinInstallation(
  config: WorkerConfig,
  { opened, host, redis, state, slots, releasers, logger, signal }: MembershipParts,
): Promise<Membership> {
  const { engine, helpers, described } = opened;
  const { id, version } = described;
  const { labels, leaseMs, sandbox: settings, choosesRuntime: isFree } = config;
  const skew = new ClockSkew(logger);
  // Commands wait for Redis for ever: without it, only the signal ends the start.
  const { redisNow: startedAt } = await orAbort(
    signal,
    skew.measure(async () => ({ redisNow: await redisTime(redis) })),
  );
  const runtime = new RuntimeChoice({ settings, isFree, host, logger });
  const about = { labels, engine: { id, version }, startedAt, slots, state, skew, runtime };
  const name = new WorkerName({
    redis,
    name: config.name ?? defaultWorkerName(id),
    leaseMs,
    report: () => workerReport({ ...about, name: name.name, networks }),
  });
  const installation = await orAbort(signal, installationId(redis));
  const owner = { installation, worker: name.name };
  const networks = createHeldNetworks(config, { engine, helpers, owner, logger });
  state.drained((await orAbort(signal, name.take(signal))).drained);
  const leave = async (): Promise<void> => {
    await name.giveBack();
    // Whoever shares the engine may have to adopt what this one leaves.
    await redis.publish(keys.workerNews, name.name);
  };
  releasers.push(askingRedis(leave));
  return { name, owner, skew, runtime, networks };
}
