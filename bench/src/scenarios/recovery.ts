import { GRACE_SECONDS } from './recovery-cancel.ts';
import { LOST_JOBS } from './recovery-loss.ts';
import { OUTAGE_REQUESTS } from './recovery-outage.ts';
import { type Measured, reportRecovery } from './recovery-report.ts';
import { QUEUED_JOBS } from './recovery-restart.ts';
import { PARTS } from './recovery-rows.ts';
import type { Scenario } from './scenario.ts';

export const recovery: Scenario = {
  name: 'recovery',
  title: 'How long recovery takes',
  page: 'reliability.md',
  method: `\
API and worker are processes of their own with ConJob's defaults, on one private engine; each part
begins with a new private Redis that writes every change to the disk before its answer. Kills are
\`kill -9\`. The client is the benchmark's own process, on the same machine and the same cores.

- **Adopted**: a worker with a running job is killed and started again. Time runs from just before its
  process is started until its log says \`adopted a running job\`; the job must go on as the same attempt.
  In turns with it, the same worker is killed and started with nothing running: "ready". The ratio is
  taken within a round.
- **Stays away**: a worker with ${LOST_JOBS} jobs is killed, each round at another moment between two renewals of
  their leases; clients that wait for the jobs must be told \`worker.lost\`.
- **Redis**: four clients send \`GET /jobs/{id}\`, \`POST /jobs\` and \`POST /job/run\` (with
  \`Prefer: wait=0\`) in turns, each when it has its last answer: ${OUTAGE_REQUESTS} requests with Redis, and as many
  from the moment when it is killed, or stopped with SIGSTOP so that its connections stay and nothing
  is answered ("mute", for at most 20 s). "Caught" is what was under way then, or sent before the first failure; what
  comes after it must be answered 503.
- **Cancel**: of \`sleep\`, which as PID 1 does not heed SIGTERM, with a kill timeout of ${GRACE_SECONDS} s, until a client that
  waits for the job has its end; in turns with \`docker stop\` of a container with the same options.
- **Drain**: one request, \`POST /workers/{name}/drain?wait=10\`, until its answer.
- **Restart**: a job occupies the only slot of a worker, and ${QUEUED_JOBS.toLocaleString('en')} more are submitted by 16 clients over
  connections that are kept. API, worker, reaper and Redis are killed and started again, the worker with the default
  number of slots. The first one runs when the engine says that it started its container. Then all must
  be in \`GET /jobs\`, unless they have ended well, and the occupant run on as the same attempt.

Each of the rounds is one of "adopted", "cancel" and "drain"; a fifth of them is measured of "stays away"
and "Redis", a tenth of "restart".`,
  rounds: 20,
  async run(performance) {
    const rows: Measured[] = [];
    for (const part of PARTS) {
      performance.signal.throwIfAborted();
      rows.push(...(await part(performance)));
    }
    return { text: reportRecovery(rows) };
  },
};
