import { LIMIT_NAMES, LIMITS } from '@conjob/shared';
import { ROLES } from '../auth/role.ts';
import { MAX_EXPIRY_SECONDS, TOKEN_NAME } from '../auth/token-routes.ts';
import { configKey } from '../limits/config-keys.ts';
import {
  empty,
  json,
  type Operations,
  PREFER_WAIT,
  parameter,
  text,
  withHeaders,
} from './operation.ts';

const required = true;

/** What only the admin port has. */
export const ADMIN_OPERATIONS: Operations = {
  'GET /ping': {
    id: 'ping',
    summary: 'Whether the process runs, in one word',
    answers: { 200: text('`pong`') },
  },
  'POST /workers/:name/drain': {
    id: 'drainWorker',
    summary: 'Let a worker take no more jobs',
    parameters: [
      parameter('reason', { type: 'string' }, 'Shown with the worker.'),
      parameter(
        'wait',
        { type: 'integer', minimum: 0, maximum: 300 },
        'Seconds to wait until nothing runs there.',
      ),
      PREFER_WAIT,
    ],
    answers: {
      200: withHeaders(json('Nothing runs there any more.', 'Worker'), 'Preference-Applied'),
      202: withHeaders(json('Jobs still run there.', 'Worker'), 'Preference-Applied'),
    },
    errors: ['worker.not_found'],
  },
  'POST /workers/:name/resume': {
    id: 'resumeWorker',
    summary: 'Let a worker take jobs again',
    answers: {
      200: json('It takes jobs.', 'Worker'),
      202: json('It has not said so yet.', 'Worker'),
    },
    errors: ['worker.not_found'],
  },
  'GET /tokens': {
    id: 'listTokens',
    summary: 'All tokens that count, by name',
    answers: { 200: json('Never the tokens themselves.', 'TokenList') },
  },
  'POST /tokens': {
    id: 'createToken',
    summary: 'Make a token',
    parameters: [
      {
        ...parameter('name', { type: 'string', pattern: TOKEN_NAME.source }, 'Of whoever gets it.'),
        required,
      },
      { ...parameter('role', { enum: ROLES }, 'What it may do.'), required },
      parameter(
        'expiresInSeconds',
        { type: 'integer', minimum: 1, maximum: MAX_EXPIRY_SECONDS },
        'Without it the token counts until it is revoked.',
      ),
    ],
    answers: { 201: json('The token is shown this once.', 'NewToken') },
    errors: ['token.exists'],
  },
  'DELETE /tokens/:name': {
    id: 'revokeToken',
    summary: 'Revoke a token',
    answers: { 204: empty('It counts nowhere any more.') },
    errors: ['token.not_found'],
  },
  'POST /tasks/docker/volume/rm': {
    id: 'removeVolumes',
    summary: 'Remove volumes of ConJob on the hosts of all workers',
    parameters: [
      {
        ...parameter(
          'id',
          { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 100 },
          'Names; that of a Docker cache may lack the hash at its end.',
        ),
        required,
      },
    ],
    answers: { 200: json('What became of them on each host.', 'VolumeRemovals') },
  },
  'POST /tasks/config': {
    id: 'setLimits',
    summary: 'Set limits for all processes, all that are given or none',
    description: 'In the query, in a form, or in both; without any, nothing is changed.',
    parameters: LIMIT_NAMES.map((name) => {
      const { least: minimum, most: maximum } = LIMITS[name];
      return parameter(configKey(name), { type: 'integer', minimum, maximum }, 'A limit.');
    }),
    body: {
      description: 'As the query.',
      content: { 'application/x-www-form-urlencoded': { schema: { type: 'object' } } },
    },
    answers: { 200: text('What held before, as a form that sets it again.') },
    errors: ['request.too_large', 'request.unsupported_media_type'],
  },
  'GET /healthcheck': {
    id: 'checkHealth',
    summary: 'Whether all that a job needs is there',
    answers: {
      200: json('All of it is.', 'Health'),
      500: json('Something is not.', 'Health'),
    },
  },
  'GET /metrics': {
    id: 'getMetrics',
    summary: 'Metrics as Prometheus reads them',
    answers: { 200: text('Also while Redis is away.') },
  },
};
