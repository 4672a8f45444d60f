import fc from 'fast-check';
import { PROGRAMS, type ProgramName } from '../programs.ts';
import { cancel, limit, remove } from './change.ts';
import type { Command } from './command.ts';
import { type Filter, list } from './list.ts';
import { readOutput, wait } from './look.ts';
import { type Submission, submit, submitWrong } from './submit.ts';

const which = fc.nat({ max: 60 });
const group = fc.constantFrom('default', 'blue');
const program = fc.constantFrom(...(Object.keys(PROGRAMS) as ProgramName[]));

const submission: fc.Arbitrary<Submission> = fc
  .record({
    form: fc.constantFrom('spec', 'query', 'run'),
    program,
    group,
    key: fc.option(fc.constantFrom('k1', 'k2'), { freq: 2 }),
    waits: fc.boolean(),
  })
  // What a worker must have can be said in a spec only.
  .map((made) => (made.program === 'waits' ? { ...made, form: 'spec' } : made) as Submission);

const wrong = fc.constantFrom<[string, string]>(
  ['{}', 'image'],
  ['{"image":"tools","shell":true}', 'shell'],
  ['{"image":"tools","args":"echo"}', 'args'],
  ['{"image":"tools","timeoutSeconds":0}', 'timeoutSeconds'],
);

const filters: fc.Arbitrary<Filter> = fc.record(
  {
    state: fc.constantFrom('queued', 'running', 'finished'),
    conclusion: fc.constantFrom('SUCCESS', 'FAILURE', 'CANCELLED', 'NOT_FOUND'),
    image: fc.constantFrom('tools', 'tools:latest', 'tools:2', 'absent'),
    group,
  },
  { requiredKeys: [] },
);

const submits = submission.map(submit);
const filter = fc.oneof(fc.constant({}), filters);
const cancels = fc
  .tuple(which, fc.constantFrom('enough', 'late'))
  .map(([job, why]) => cancel(job, why));
const lists = fc.tuple(filter, fc.integer({ min: 1, max: 3 })).map(([of, size]) => list(of, size));

/** Whatever a client may ask for next. What is named more often is asked for more often. */
export const COMMANDS: fc.Arbitrary<Command>[] = [
  submits,
  submits,
  submits,
  submits,
  wrong.map(([body, path]) => submitWrong(body, path)),
  which.map(wait),
  which.map(wait),
  cancels,
  cancels,
  which.map(remove),
  fc
    .tuple(which, fc.constantFrom(null, 'stdout', 'stderr'))
    .map(([job, stream]) => readOutput(job, stream)),
  lists,
  lists,
  fc.constantFrom(true, false, false, false).map(limit),
];
