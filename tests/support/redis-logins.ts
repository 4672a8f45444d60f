import { connectPatient, disconnect, REDIS_ROLES, type RedisRole, rulesOf } from '@conjob/shared';
import type { TestRedis } from '@conjob/testkit';

const passwordOf = (role: RedisRole): string => `password-of-${role}`;

/** For `startTestRedis`: the users that ConJob ships, beside the one of the tests who may do everything. */
export const USERS = REDIS_ROLES.map((role) => `${role} on >${passwordOf(role)} ${rulesOf(role)}`);

/** REDIS_URL of a process of this role, on a Redis that listens on a port. */
export function loginUrl({ address }: Pick<TestRedis, 'address'>, role: RedisRole): string {
  if (!('port' in address)) throw new Error('A socket path has no place for a user');
  return `redis://${role}:${passwordOf(role)}@127.0.0.1:${address.port}`;
}

/** What Redis has refused to its users since it was started, one line for each command and user. */
export async function refusals({ url }: Pick<TestRedis, 'url'>): Promise<string[]> {
  const redis = connectPatient(url);
  const log = (await redis.acl('LOG')) as string[][];
  await disconnect(redis);
  return log.map((fields) => {
    const field = (name: string) => fields[fields.indexOf(name) + 1];
    return `${field('username')} may not use the ${field('reason')} ${field('object')}`;
  });
}
