import { CONCLUSION_NAMES, CONCLUSIONS, JOB_STATES } from '@conjob/shared';
import {
  ENDED,
  empty,
  IDEMPOTENCY_KEY,
  IF_NONE_MATCH,
  json,
  type Operation,
  type Operations,
  type Part,
  PREFER_WAIT,
  parameter,
  specParameter,
  text,
  withHeaders,
} from './operation.ts';
import { type NamedSchemas, schemaRef } from './schemas.ts';

const BOOLEAN = { type: 'boolean', default: false };
const ON_DISCONNECT = parameter(
  'onDisconnect',
  { enum: ['continue', 'cancel'], default: 'continue' },
  '`cancel`: the job ends when its client leaves before the answer.',
);
const INPUT = {
  description: 'One argument, as UTF-8 text; with `stdin=true` the standard input. Of any type.',
  content: { '*/*': { schema: { type: 'string' } } },
};

const RATE = ['RateLimit-Policy', 'RateLimit'] as const;
const SUBMITTED = ['Conjob-Job-Id', 'Idempotency-Replayed', 'Preference-Applied', ...RATE] as const;
const SHOWN = ['Conjob-Job-Id', ...ENDED] as const;
const submitted = (answer: Part, ...more: readonly ('Location' | (typeof ENDED)[number])[]) =>
  withHeaders(answer, ...SUBMITTED, ...more);
const unfinished = submitted(json('The job goes on.', 'Job', 'JobReference'), 'Location');
const gone = submitted(empty('The job that the key made is no longer kept.'), 'Location');

/** `/job/run` and `/jobs`, but for what is output. */
export function jobOperations(schemas: NamedSchemas): Operations {
  const form = jobParameters(schemas);
  const run: Omit<Operation, 'id'> = {
    summary: 'Run a job, and answer with what it printed',
    description:
      'The status says how the job ended. JSON only where `Accept` prefers it; else also errors of the request are one line of text.',
    parameters: [...form, IDEMPOTENCY_KEY, PREFER_WAIT],
    answers: { ...runAnswers(), 202: unfinished, 410: gone },
    errors: SUBMIT_ERRORS,
  };
  return {
    'GET /job/run': { ...run, id: 'runJob' },
    'POST /job/run': { ...run, id: 'runJobWithInput', body: INPUT },
    'GET /jobs': {
      id: 'listJobs',
      summary: 'List jobs, the newest first',
      parameters: LIST_PARAMETERS,
      answers: { 200: withHeaders(json('A page of jobs.', 'JobList'), 'Link') },
    },
    'POST /jobs': {
      id: 'submitJob',
      summary: 'Submit a job',
      description:
        'By query and body as `/job/run`, or, without any parameter but `onDisconnect`, by a job spec as JSON.',
      parameters: [...form, IDEMPOTENCY_KEY, PREFER_WAIT].map(optional),
      body: {
        ...INPUT,
        content: { 'application/json': { schema: schemaRef('JobSpec') }, ...INPUT.content },
      },
      answers: {
        200: submitted(
          json('With `Prefer: wait`: the job has finished.', 'Job'),
          'Location',
          ...ENDED,
        ),
        202: unfinished,
        410: gone,
      },
      errors: [...SUBMIT_ERRORS, 'request.unsupported_media_type', 'secrets.unavailable'],
    },
    'GET /jobs/:id': {
      id: 'getJob',
      summary: 'Look at a job, or wait for its end',
      parameters: [
        parameter(
          'wait',
          { type: 'integer', minimum: 0, maximum: 300 },
          'Seconds to wait for the end.',
        ),
        PREFER_WAIT,
        IF_NONE_MATCH,
      ],
      answers: {
        200: withHeaders(json('The job.', 'Job'), ...SHOWN, 'ETag', 'Preference-Applied'),
        202: withHeaders(
          json('This server shuts down before the end of the wait.', 'Job', 'JobReference'),
          ...SHOWN,
          'Location',
          'Preference-Applied',
        ),
        304: withHeaders(empty('It is as the tag says.'), ...SHOWN, 'ETag', 'Preference-Applied'),
      },
      errors: ['job.not_found', 'job.gone'],
    },
    'DELETE /jobs/:id': {
      id: 'deleteJob',
      summary: 'Delete the record and the output of a job',
      answers: { 204: empty('They are gone.') },
      errors: ['job.not_found', 'job.unfinished'],
    },
    'POST /jobs/:id/cancel': {
      id: 'cancelJob',
      summary: 'Cancel a job that has not finished',
      parameters: [parameter('reason', { type: 'string' }, 'Stays with the job.')],
      body: {
        description: 'The reason, where it is not in the query.',
        content: {
          'application/json': {
            schema: {
              type: 'object',
              properties: { reason: { type: 'string' } },
              additionalProperties: false,
            },
          },
        },
      },
      answers: { 202: withHeaders(json('The job.', 'Job'), ...SHOWN, 'Location') },
      errors: [
        'job.not_found',
        'job.finished',
        'request.too_large',
        'request.unsupported_media_type',
      ],
    },
    'GET /jobs/:id/reproduce': {
      id: 'reproduceJob',
      summary: 'The `docker run` line that repeats a job',
      answers: { 200: text('For a POSIX shell.') },
      errors: ['job.not_found'],
    },
  };
}

const SUBMIT_ERRORS = [
  'request.too_large',
  'argument.not_text',
  'argument.too_large',
  'idempotency.invalid_key',
  'idempotency.mismatch',
  'job.gone',
  'limit.requests',
  'limit.concurrent_runs',
  'queue.full',
  'redis.busy',
] as const;

const LIST_PARAMETERS = [
  parameter('state', { enum: JOB_STATES }, 'Only those in this state.'),
  parameter('conclusion', { enum: CONCLUSION_NAMES }, 'Only those that ended so.'),
  parameter('image', { type: 'string' }, 'Only those of this image.'),
  parameter('group', { type: 'string' }, 'Only those of this group.'),
  parameter(
    'label',
    { type: 'array', items: { type: 'string' } },
    'Only those with this label, `name:value`; each of several.',
  ),
  parameter('limit', { type: 'integer', minimum: 1, maximum: 100, default: 50 }, 'Jobs of a page.'),
  parameter('cursor', { type: 'string' }, 'From the `Link` of the page before.'),
];

function jobParameters(schemas: NamedSchemas): Part[] {
  const spec = (name: string, field?: string) => specParameter(schemas, name, field);
  return [
    { ...spec('image'), required: true },
    spec('arg', 'args'),
    parameter('stdin', BOOLEAN, '`true`: the body is the standard input, not an argument.'),
    spec('pull'),
    spec('remove'),
    spec('remove_image', 'removeImage'),
    spec('use_docker_cache', 'useDockerCache'),
    spec('timeout', 'timeoutSeconds'),
    spec('network'),
    spec('profile'),
    spec('group'),
    parameter(
      'stream',
      BOOLEAN,
      'Of `/job/run`: output is sent as it is written, as text only. How it ended is then in trailers, not headers.',
    ),
    ON_DISCONNECT,
  ];
}

/** A job spec says the same in the body. */
function optional({ required: _required, ...part }: Part): Part {
  return part;
}

function runAnswers(): Record<number, Part> {
  return Object.fromEntries(
    Object.entries(CONCLUSIONS).map(([conclusion, { status }]) => {
      const { content } = json('', 'RunAnswer') as { content: Part };
      const output = text(`${conclusion}: what the job printed.`);
      const both = { ...output, content: { ...(output['content'] as Part), ...content } };
      return [status, withHeaders(both, ...ENDED, ...SUBMITTED)];
    }),
  );
}
