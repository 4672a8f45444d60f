import { type Target, targetText } from '../report/aims.ts';
import { quantile } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import { cpuMs, difference, peakBytes } from '../simulation/process-costs.ts';
import { acceptedInTurn } from '../simulation/redis-view.ts';
import { checkPrinted, runPath } from '../simulation/simulated-jobs.ts';
import { withSimulation } from '../simulation/with-simulation.ts';
import { residentBytes } from '../stage/processes.ts';
import type { Scenario } from './scenario.ts';

const CLIENTS = 10_000;
const QUICK_CLIENTS = 500;
const SLOTS = 32;
const TARGET_MB = 400;
const MB = 1e6;
const MEMORY: Target = { below: TARGET_MB, unit: 'MB' };

export const waiting: Scenario = {
  name: 'waiting',
  title: 'Ten thousand clients that wait',
  method: `\
${CLIENTS} clients of one process send \`POST /job/run\` to one API process, each on a connection of its own and some hundred at a
time, while no worker is there. When all wait, one worker on a fake engine starts with ${SLOTS} slots, and every client must get
what its own job printed. Target: the API never holds more than ${TARGET_MB} MB (10⁶ bytes; VmHWM).`,
  rounds: 1,
  async run({ quick, signal, say }) {
    const clients = quick ? QUICK_CLIENTS : CLIENTS;
    return withSimulation(
      { workers: 1, slots: SLOTS, isIdle: true },
      async (simulation, client) => {
        const alone = residentBytes(simulation.api.pid);
        const begin = performance.now();
        const answeredAt: number[] = [];
        const requests: Promise<void>[] = [];
        const run = async (number: number): Promise<void> => {
          const answer = await client.send('POST', runPath(`job-${number}`));
          answeredAt.push(performance.now());
          checkPrinted(answer, `job-${number}`);
        };
        const failed = new AbortController();
        const send = (number: number): void => {
          const request = run(number);
          // Told below; it must not be waited for in vain.
          request.catch((error: unknown) => failed.abort(error));
          requests.push(request);
        };
        const either = AbortSignal.any([signal, failed.signal]);
        await acceptedInTurn(simulation, clients, send, either);
        const acceptedMs = performance.now() - begin;
        const held = residentBytes(simulation.api.pid);
        say(`${clients} clients wait`);
        const before = cpuMs(simulation);
        const workersAt = performance.now();
        await simulation.startWorkers();
        await Promise.all(requests);
        const cpu = difference(
          { ...cpuMs(simulation), workers: 0 },
          { ...before, workers: 0 },
          clients,
        );
        const since = answeredAt.map((at) => at - workersAt);
        const peak = peakBytes(simulation).api;
        const row = [
          String(clients),
          figure(alone / MB, 0),
          figure(held / MB, 0),
          figure(peak / MB, 0),
          targetText(MEMORY),
          figure(acceptedMs / 1000),
          figure(quantile(since, 0.5) / 1000),
          figure(quantile(since, 1) / 1000),
          figure(cpu.api, 2),
        ];
        const text = [
          table(HEADER, [row]),
          '',
          `All ${clients} were answered, each with its own output.`,
        ].join('\n');
        const what = `${clients} waiting clients, memory of the API at most`;
        const inShort = `memory of one API process with ${clients} clients that wait`;
        return { text, aims: [{ what, inShort, target: MEMORY, measured: peak / MB, digits: 0 }] };
      },
    );
  },
};

const HEADER = [
  'clients',
  'API MB before',
  'API MB while all wait',
  'at most',
  'target',
  'all accepted after s',
  'half answered after s',
  'all answered after s',
  'CPU ms of the API per answer',
];
