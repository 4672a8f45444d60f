import {
  ENDED,
  empty,
  events,
  json,
  type Operation,
  type Operations,
  parameter,
  requestHeader,
  text,
  withHeaders,
} from './operation.ts';

const TEXT = { schema: { type: 'string' } };
const IF_MODIFIED_SINCE = requestHeader(
  'If-Modified-Since',
  { type: 'string' },
  'The `Last-Modified` that is known already.',
);
const UNCHANGED = empty('It is as the browser has it.');
const IMAGE = {
  ...parameter('image', { type: 'string' }, 'Repository and tag; no digest.'),
  required: true,
};

const output: Omit<Operation, 'id' | 'summary'> = {
  parameters: [
    parameter('stream', { enum: ['stdout', 'stderr'] }, 'One of the two alone.'),
    parameter(
      'offset',
      { type: 'integer', minimum: 0 },
      'Bytes to leave out: as many as you have, to go on there.',
    ),
    parameter(
      'follow',
      { type: 'boolean', default: false },
      '`true`: on until the end. How it ended is then in trailers, not headers.',
    ),
  ],
  answers: { 200: withHeaders(text('Byte for byte.'), 'Conjob-Job-Id', ...ENDED) },
};

/** Output, events, secrets, and the page. */
export const API_OPERATIONS: Operations = {
  'GET /jobs/:id/output': {
    ...output,
    id: 'getOutput',
    summary: 'What a job has written, attempt after attempt',
    errors: ['job.not_found'],
  },
  'GET /jobs/:id/attempts/:number/output': {
    ...output,
    id: 'getAttemptOutput',
    summary: 'What one attempt of a job has written',
    errors: ['job.not_found', 'attempt.not_found'],
  },
  'GET /jobs/:id/events': {
    id: 'followJob',
    summary: 'What happens to a job, as server-sent events',
    description:
      'Events: `state` and `end` have the job as in a list, `output` has `{attempt, stream, text}` or `{attempt, stream, base64}`, `gone` and `dropped` have a `message`.',
    parameters: [
      requestHeader('Last-Event-ID', { type: 'string' }, 'Where to go on: the id of an event.'),
    ],
    answers: {
      200: withHeaders(
        events(
          'Events until the end. `contentSchema` says by their names what the data of each is.',
          {
            state: 'ListedJob',
            output: 'OutputEvent',
            end: 'ListedJob',
            gone: 'NoticeEvent',
            dropped: 'NoticeEvent',
          },
        ),
        'Conjob-Job-Id',
      ),
      204: withHeaders(empty('The id was that of the last event.'), 'Conjob-Job-Id'),
    },
    errors: ['job.not_found'],
  },
  'GET /secrets': {
    id: 'getSecret',
    summary: 'Whether an image has a secret',
    parameters: [IMAGE],
    answers: { 200: json('Never what is in it.', 'Secret') },
  },
  'POST /secrets': {
    id: 'setSecret',
    summary: 'Set the secret of an image',
    parameters: [IMAGE],
    body: {
      description: 'The content of `/run/build/secrets/secrets`.',
      required: true,
      content: { '*/*': { schema: { type: 'string' } } },
    },
    answers: { 200: json('It is set.', 'Secret') },
    errors: ['secret.empty', 'secrets.unavailable', 'request.too_large'],
  },
  'DELETE /secrets': {
    id: 'deleteSecret',
    summary: 'Remove the secret of an image',
    parameters: [IMAGE],
    answers: { 204: empty('There is none any more.') },
  },
  'GET /docs': {
    id: 'getPage',
    summary: 'A page on which to read and try the API',
    parameters: [IF_MODIFIED_SINCE],
    answers: {
      200: text('For browsers.', 'text/html'),
      304: UNCHANGED,
      308: withHeaders(empty('To the same without a slash at its end.'), 'Location'),
    },
  },
  'GET /docs/:file': {
    id: 'getPagePart',
    summary: 'A part of that page',
    parameters: [IF_MODIFIED_SINCE],
    answers: {
      200: {
        description: 'Scripts and styles.',
        content: { 'text/css': TEXT, 'text/javascript': TEXT },
      },
      304: UNCHANGED,
    },
    errors: ['path.not_found'],
  },
};
