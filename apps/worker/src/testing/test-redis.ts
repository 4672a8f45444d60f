import {
  Attempts,
  type Claim,
  connectPatient,
  disconnect,
  type JobRequest,
  jobSpecSchema,
  readOutput,
  type SealedValues,
  Submissions,
} from '@conjob/shared';
import { startTestRedis } from '@conjob/testkit';

const schema = jobSpecSchema({
  maxTimeoutSeconds: 60,
  maxKillTimeoutSeconds: 30,
  maxRetentionSeconds: 3600,
  defaultRetentionSeconds: 60,
  defaultNetwork: 'none',
});

/** A spec with its defaults; images are on the engine unless it says otherwise. */
export function parseSpec(request: object) {
  const { stdin: _, ...spec } = schema.parse({ pull: 'never', ...request });
  return spec;
}

const LEASE_MS = 30_000;

/** A Redis of its own, and the ledger in it from both sides. */
export async function openLedger() {
  const server = await startTestRedis();
  const redis = connectPatient(server.url);
  redis.on('error', () => {});
  const submissions = new Submissions(redis);
  const attempts = new Attempts(redis, { worker: 'test', leaseMs: LEASE_MS });
  let made = 0;
  return {
    server,
    redis,
    submissions,
    attempts,
    /** Accepts a job, as the API does; returns its id. */
    async submit(request: TestJob, id = `job-${++made}`): Promise<string> {
      const { input, sealedEnv, ...rest } = request;
      const spec = parseSpec(rest);
      await submissions.accept({
        id,
        spec: {
          ...spec,
          stdinBytes: input?.length ?? null,
          ...(sealedEnv === undefined ? {} : { sealedEnv }),
        },
        input,
      });
      return id;
    },
    async claim(id: string): Promise<Claim> {
      const outcome = await attempts.claim(id, `token-${id}`);
      if (outcome.kind !== 'claimed') throw new Error(`${id} is ${outcome.kind}`);
      return outcome.claim;
    },
    /** The stored output of the first attempt. */
    async output(id: string) {
      const of = { stdout: '', stderr: '' };
      for await (const { stream, data } of readOutput(redis, id, 1)) of[stream] += data;
      return of;
    },
    async close() {
      await disconnect(redis);
      await server.stop();
    },
  };
}

export type TestLedger = Awaited<ReturnType<typeof openLedger>>;
export type TestJob = Partial<JobRequest> & {
  readonly image: string;
  readonly input?: Buffer;
  readonly sealedEnv?: SealedValues;
};
