import { differences, ratios } from '../report/statistics.ts';
import { measureAdoption } from './recovery-adoption.ts';
import { GRACE_SECONDS, measureCancel } from './recovery-cancel.ts';
import { measureDrain } from './recovery-drain.ts';
import { LOST_JOBS, measureLoss } from './recovery-loss.ts';
import { type Fault, measureOutage } from './recovery-outage.ts';
import type { Measured } from './recovery-report.ts';
import { measureRestart, QUEUED_JOBS } from './recovery-restart.ts';
import type { Performance } from './scenario.ts';

type Part = (performance: Performance) => Promise<Measured[]>;

const adoption: Part = async (performance) => {
  const { plain, adopting } = await measureAdoption(performance);
  const rounds = String(performance.rounds);
  const adopted = adopting.map(({ adoptedMs }) => adoptedMs);
  const ready = plain.map(({ readyMs }) => readyMs);
  return [
    {
      what: "killed worker's next process: started → its job adopted",
      target: { of: 'p50', atMost: 1000 },
      values: adopted,
      unit: 'ms',
      rounds,
    },
    {
      what: "the same without Node's own start",
      values: adopting.map(({ adoptedMs, nodeMs }) => adoptedMs - nodeMs),
      unit: 'ms',
      rounds,
    },
    {
      what: 'the same worker with nothing to adopt: started → ready',
      values: ready,
      unit: 'ms',
      rounds,
    },
    {
      what: 'adopted / ready with nothing to adopt',
      values: ratios(adopted, ready),
      unit: '×',
      rounds,
    },
  ];
};

const loss: Part = async (performance) => {
  const losses = await measureLoss(performance, fewer(performance.rounds, 5));
  return [
    {
      what: 'kill -9 of a worker that stays away → its jobs over (lease 30 s)',
      target: { of: 'max', atMost: 35_000 },
      values: losses.flatMap(({ terminalMs }) => terminalMs),
      unit: 's',
      rounds: `${losses.length} × ${LOST_JOBS} jobs`,
    },
    {
      what: 'the same → none of its containers runs',
      values: losses.map(({ containersMs }) => containersMs),
      unit: 's',
      rounds: String(losses.length),
    },
  ];
};

const outage =
  (fault: Fault, name: string): Part =>
  async (performance) => {
    const rounds = fewer(performance.rounds, 5);
    const { upMs, caughtMs, afterMs } = await measureOutage(performance, fault, rounds);
    const of = (values: readonly number[]) => `${rounds}, ${values.length} requests`;
    return [
      {
        what: `Redis ${name}: requests caught by it`,
        target: { of: 'max', atMost: 3000 },
        values: caughtMs,
        unit: 'ms',
        rounds: of(caughtMs),
      },
      {
        what: `Redis ${name}: requests after the first that failed`,
        target: { of: 'p99', atMost: 100 },
        values: afterMs,
        unit: 'ms',
        rounds: of(afterMs),
      },
      {
        what: 'the same requests before, with Redis',
        values: upMs,
        unit: 'ms',
        rounds: of(upMs),
      },
    ];
  };

const cancel: Part = async (performance) => {
  const { conJob, docker } = await measureCancel(performance);
  const grace = `${GRACE_SECONDS} s`;
  return [
    {
      what: `cancel of a running sleep → over (grace ${grace})`,
      target: { of: 'max', atMost: GRACE_SECONDS * 1000 + 500 },
      values: conJob,
      unit: 's',
      rounds: String(conJob.length),
    },
    {
      what: `docker stop -t ${GRACE_SECONDS} of the same container`,
      values: docker,
      unit: 's',
      rounds: String(docker.length),
    },
    {
      what: 'cancel − docker stop',
      values: docker.length === 0 ? [] : differences(conJob, docker),
      unit: 'ms',
      rounds: String(docker.length),
    },
  ];
};

const drain: Part = async (performance) => {
  const values = await measureDrain(performance);
  const rounds = String(values.length);
  return [
    {
      what: 'drain with nothing running',
      target: { of: 'max', atMost: 1000 },
      values,
      unit: 'ms',
      rounds,
    },
  ];
};

const restart: Part = async (performance) => {
  const restarts = await measureRestart(performance, fewer(performance.rounds, 10));
  const rounds = String(restarts.length);
  const jobs = QUEUED_JOBS.toLocaleString('en');
  return [
    {
      what: `restart of all with ${jobs} queued: worker ready → first one started`,
      target: { of: 'max', atMost: 2000 },
      values: restarts.map(({ firstRunMs }) => firstRunMs),
      unit: 'ms',
      rounds,
    },
    {
      what: 'the same, from the start of the first process',
      values: restarts.map(({ firstRunAfterAllMs }) => firstRunAfterAllMs),
      unit: 'ms',
      rounds,
    },
    {
      what: 'of that, until Redis had read its file',
      values: restarts.map(({ redisMs }) => redisMs),
      unit: 'ms',
      rounds,
    },
    {
      what: `${jobs} jobs lost by it`,
      target: { of: 'max', atMost: 0 },
      values: restarts.map(({ lost }) => lost),
      unit: '',
      rounds,
    },
    {
      what: `submitting ${jobs} jobs before`,
      values: restarts.map(({ submitMs }) => submitMs),
      unit: 's',
      rounds,
    },
  ];
};

/** The parts of the scenario, in the order of the table. */
export const PARTS: readonly Part[] = [
  adoption,
  loss,
  outage('dead', 'killed'),
  outage('mute', 'mute'),
  cancel,
  drain,
  restart,
];

/** What takes long is measured less often. */
function fewer(rounds: number, share: number): number {
  return Math.max(1, Math.round(rounds / share));
}
