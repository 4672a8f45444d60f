import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect, parseArgs } from 'node:util';
import { type Aim, type AimsByScenario, aimsTable, headlines } from './report/aims.ts';
import { describeMachine } from './report/machine.ts';
import { putSection } from './report/sections.ts';
import { cpu } from './scenarios/cpu.ts';
import { echo } from './scenarios/echo.ts';
import { fairness } from './scenarios/fairness.ts';
import { followers } from './scenarios/followers.ts';
import { neighbours } from './scenarios/neighbours.ts';
import { noop } from './scenarios/noop.ts';
import { output } from './scenarios/output.ts';
import { overload } from './scenarios/overload.ts';
import { recovery } from './scenarios/recovery.ts';
import type { Pictures, Scenario } from './scenarios/scenario.ts';
import { simulation } from './scenarios/simulation.ts';
import { throughput } from './scenarios/throughput.ts';
import { timeline } from './scenarios/timeline.ts';
import { waiting } from './scenarios/waiting.ts';
import { setStage } from './stage/stage.ts';

const SCENARIOS: readonly Scenario[] = [
  echo,
  throughput,
  cpu,
  timeline,
  output,
  noop,
  simulation,
  followers,
  waiting,
  overload,
  recovery,
  fairness,
  neighbours,
];
const DOCS = join(import.meta.dirname, '..', '..', 'docs');
const PLOTS = join(DOCS, 'plots');
const AIMS = join(PLOTS, 'aims.json');
const README = join(DOCS, '..', 'README.md');

const USAGE = `Usage: pnpm bench [scenario…] [--rounds N] [--quick] [--built] [--everysec] [--write]

Measures ConJob on an engine and a Redis of its own; needs root and Linux.
Scenarios, all by default: ${SCENARIOS.map(({ name }) => name).join(', ')}

  --rounds N  how often to measure; each scenario has a number of its own
  --quick     where a scenario has one, its quick form: to see that it works, not for figures
  --built     run what pnpm build made, as the images do; default: the sources
  --everysec  let Redis write to the disk once a second: shows what appendfsync always costs
  --write     put the results into docs/performance.md; of recovery, into docs/reliability.md; of
              neighbours, into docs/security.md; figures and plots into docs/plots and the README
`;

interface Wish {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number | undefined;
  readonly quick: boolean;
  readonly built: boolean;
  readonly everysec: boolean;
  readonly write: boolean;
}

function readArguments(): Wish {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      quick: { type: 'boolean' },
      built: { type: 'boolean' },
      everysec: { type: 'boolean' },
      write: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const scenarios = positionals.map((name) => {
    const scenario = SCENARIOS.find((candidate) => candidate.name === name);
    if (scenario === undefined) throw new Error(`There is no scenario ${name}.\n\n${USAGE}`);
    return scenario;
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error(`--rounds takes a whole number from 1.\n\n${USAGE}`);
  }
  if (values.write && values.quick) {
    throw new Error('The quick form gives no figures to write into the page.');
  }
  if (values.write && values.everysec) {
    throw new Error(
      '--everysec is no promise of ConJob: its figures are not written into the page.',
    );
  }
  return {
    scenarios: scenarios.length > 0 ? scenarios : SCENARIOS,
    rounds,
    quick: values.quick ?? false,
    built: values.built ?? false,
    everysec: values.everysec ?? false,
    write: values.write ?? false,
  };
}

async function perform(wish: Wish, signal: AbortSignal): Promise<void> {
  const { scenarios, rounds, quick, built, everysec, write } = wish;
  const say = (line: string) => process.stderr.write(`${line}\n`);
  say('starting an engine and a Redis');
  const stage = await setStage({ built, everysec });
  const failed: string[] = [];
  try {
    const machine = await describeMachine(stage.docker, everysec ? 'everysec' : 'always');
    say(machine);
    for (const scenario of scenarios) {
      signal.throwIfAborted();
      const performance = { stage, rounds: rounds ?? scenario.rounds, quick, signal, say };
      say(`\n${scenario.title}`);
      try {
        const results = await scenario.run(performance);
        process.stdout.write(`\n${results.text}\n`);
        if (!write) continue;
        writeSection(scenario, { ...wish, rounds: performance.rounds }, machine, results.text);
        if (results.pictures !== undefined) writePictures(scenario, results.pictures);
        if (results.aims !== undefined) writeAims(scenario, results.aims);
      } catch (error) {
        // What the others take half an hour to find out is not lost for it.
        if (signal.aborted) throw error;
        say(`${scenario.name} came to no result: ${inspect(error)}`);
        failed.push(scenario.name);
      }
    }
  } finally {
    await stage.close();
  }
  if (failed.length > 0) throw new Error(`Without a result: ${failed.join(', ')}`);
}

function writePictures({ name }: Scenario, { readme, data, plots }: Pictures): void {
  writeFileSync(README, putSection(readFileSync(README, 'utf8'), name, readme));
  mkdirSync(PLOTS, { recursive: true });
  writeFileSync(join(PLOTS, `${name}.json`), `${JSON.stringify(data, null, 2)}\n`);
  for (const [plot, svg] of Object.entries(plots)) writeFileSync(join(PLOTS, `${plot}.svg`), svg);
}

/** Of a scenario, into the table of all, which keeps what the others had when they were last written. */
function writeAims({ name }: Scenario, own: readonly Aim[]): void {
  const before = existsSync(AIMS) ? (JSON.parse(readFileSync(AIMS, 'utf8')) as AimsByScenario) : {};
  const aims = { ...before, [name]: own };
  const names = SCENARIOS.map((scenario) => scenario.name);
  mkdirSync(PLOTS, { recursive: true });
  writeFileSync(AIMS, `${JSON.stringify(aims, null, 2)}\n`);
  const put = (path: string, text: string): void =>
    writeFileSync(path, putSection(readFileSync(path, 'utf8'), 'aims', text));
  put(join(DOCS, 'performance.md'), aimsTable(aims, names));
  put(README, headlines(aims, names));
}

function writeSection(
  { name, title, method, page = 'performance.md' }: Scenario,
  { rounds, built }: Wish,
  machine: string,
  results: string,
): void {
  const command = `    pnpm bench ${name} --rounds ${rounds}${built ? ' --built' : ''} --write`;
  const text = [`## ${title}`, method, command, results, `Measured on: ${machine}.`].join('\n\n');
  const path = join(DOCS, page);
  writeFileSync(path, putSection(readFileSync(path, 'utf8'), name, text));
}

const quit = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => quit.abort(new Error(`stopped by ${name}`)));
}
try {
  await perform(readArguments(), quit.signal);
} catch (error) {
  process.stderr.write(`${quit.signal.aborted ? quit.signal.reason.message : error}\n`);
  process.exitCode = 1;
}
