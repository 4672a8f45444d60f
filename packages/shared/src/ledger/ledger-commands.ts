import type { Redis } from 'ioredis';
import * as attempts from './attempt-scripts.ts';
import { SET_LIMITS } from './limit-scripts.ts';
import { JOIN_LINE, POSITION } from './line-scripts.ts';
import * as submissions from './submission-scripts.ts';

type Argument = string | number | Buffer;

/**
 * The ledger's scripts as commands of one connection. Keys come first, then arguments. When a connection
 * breaks, a command whose answer is missing may be sent again, though it was carried out.
 */
export interface LedgerCommands {
  conjobAccept(
    ...keysAndArguments: Argument[]
  ): Promise<
    [outcome: string, id: string, limit?: string, allowed?: number, rate?: number, left?: number]
  >;
  conjobQueued(...keysAndArguments: Argument[]): Promise<number>;
  conjobEnded(...keysAndArguments: Argument[]): Promise<string[]>;
  conjobRipe(...keysAndArguments: Argument[]): Promise<string[]>;
  conjobClaim(...keysAndArguments: Argument[]): Promise<[string, ...unknown[]]>;
  conjobAdopt(
    ...keysAndArguments: Argument[]
  ): Promise<[string, string, number, number, number] | []>;
  conjobAdvance(...keysAndArguments: Argument[]): Promise<[number, string]>;
  conjobRenew(...keysAndArguments: Argument[]): Promise<[number, string]>;
  conjobRelease(...keysAndArguments: Argument[]): Promise<number>;
  conjobRetry(...keysAndArguments: Argument[]): Promise<'fenced' | 'finished' | 'queued'>;
  conjobAppend(...keysAndArguments: Argument[]): Promise<number>;
  conjobExpireLease(...keysAndArguments: Argument[]): Promise<string>;
  conjobFinish(...keysAndArguments: Argument[]): Promise<number>;
  conjobCancel(...keysAndArguments: Argument[]): Promise<string>;
  conjobRemove(...keysAndArguments: Argument[]): Promise<string>;
  conjobForgetPlacement(...keysAndArguments: Argument[]): Promise<number>;
  conjobJoinLine(...keysAndArguments: Argument[]): Promise<null>;
  conjobPosition(...keysAndArguments: Argument[]): Promise<number | null>;
  conjobSetLimits(...keysAndArguments: Argument[]): Promise<string[]>;
}

export function withLedgerCommands(redis: Redis): LedgerCommands {
  redis.defineCommand('conjobAccept', { numberOfKeys: 16, lua: submissions.ACCEPT });
  redis.defineCommand('conjobQueued', { numberOfKeys: 2, lua: submissions.QUEUED });
  redis.defineCommand('conjobEnded', { numberOfKeys: 1, lua: submissions.ENDED });
  redis.defineCommand('conjobRipe', { numberOfKeys: 1, lua: submissions.RIPE });
  redis.defineCommand('conjobClaim', { numberOfKeys: 10, lua: attempts.CLAIM });
  redis.defineCommand('conjobAdopt', { numberOfKeys: 3, lua: attempts.ADOPT });
  redis.defineCommand('conjobAdvance', { numberOfKeys: 2, lua: attempts.ADVANCE });
  redis.defineCommand('conjobRenew', { numberOfKeys: 2, lua: attempts.RENEW });
  redis.defineCommand('conjobRelease', { numberOfKeys: 17, lua: attempts.RELEASE });
  redis.defineCommand('conjobRetry', { numberOfKeys: 17, lua: attempts.RETRY });
  redis.defineCommand('conjobAppend', { numberOfKeys: 2, lua: attempts.APPEND });
  redis.defineCommand('conjobExpireLease', { numberOfKeys: 17, lua: submissions.EXPIRE_LEASE });
  redis.defineCommand('conjobFinish', { numberOfKeys: 17, lua: attempts.FINISH });
  redis.defineCommand('conjobCancel', { numberOfKeys: 18, lua: submissions.CANCEL });
  redis.defineCommand('conjobRemove', { numberOfKeys: 4, lua: submissions.REMOVE });
  redis.defineCommand('conjobForgetPlacement', {
    numberOfKeys: 2,
    lua: submissions.FORGET_PLACEMENT,
  });
  redis.defineCommand('conjobJoinLine', { numberOfKeys: 4, lua: JOIN_LINE });
  redis.defineCommand('conjobPosition', { numberOfKeys: 3, lua: POSITION });
  redis.defineCommand('conjobSetLimits', { numberOfKeys: 2, lua: SET_LIMITS });
  // defineCommand adds the methods at run time, where the type of Redis does not see them.
  return redis as unknown as LedgerCommands;
}
