import { join } from 'node:path';
import { connectImpatient, disconnect } from '@conjob/shared';
import { startTestRedis, type TestRedis, type TestRedisOptions } from '@conjob/testkit';

type Connection = ReturnType<typeof connectImpatient>;

/** The one Redis of a cluster, spoken to directly and not through a link. */
export interface RedisHost extends TestRedis {
  /** Where its append-only files are. */
  readonly aofFolder: string;
  /** Runs `work` with a connection of its own. */
  with<T>(work: (redis: Connection) => Promise<T>): Promise<T>;
}

/** A Redis with an append-only file that is never rewritten: the whole history stays in it. */
export async function startRedisHost(
  options: Pick<TestRedisOptions, 'diskBytes'> = {},
): Promise<RedisHost> {
  const redis = await startTestRedis({ appendOnly: true, listen: 'tcp', ...options });
  const using = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = connectImpatient(redis.url);
    connection.on('error', () => {}); // the command says it
    try {
      await new Promise<void>((resolve, reject) => {
        connection.once('ready', resolve).once('close', () => reject(new Error('Redis is away')));
      });
      return await work(connection);
    } finally {
      await disconnect(connection);
    }
  };
  const keepHistory = () =>
    using((connection) => connection.config('SET', 'auto-aof-rewrite-percentage', '0'));
  await keepHistory();
  const [, folder = ''] = (await using((one) => one.config('GET', 'dir'))) as string[];
  return {
    url: redis.url,
    address: redis.address,
    target: redis.target,
    tlsPort: redis.tlsPort,
    get pid() {
      return redis.pid;
    },
    aofFolder: join(folder, 'appendonlydir'),
    with: using,
    crash: () => redis.crash(),
    async restart() {
      await redis.restart();
      await keepHistory();
    },
    stop: () => redis.stop(),
  };
}
