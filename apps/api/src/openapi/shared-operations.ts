import { json, type Operations, text, withHeaders } from './operation.ts';

const ready = (isReady: boolean) =>
  json(isReady ? 'It can take jobs.' : 'It can not; `reason` says why.', 'Readiness');

/** What both ports have: workers, probes, and the document itself. */
export const SHARED_OPERATIONS: Operations = {
  'GET /workers': {
    id: 'listWorkers',
    summary: 'All workers by name',
    answers: { 200: json('Lost ones are among them for an hour.', 'WorkerList') },
  },
  'GET /workers/:name': {
    id: 'getWorker',
    summary: 'One worker',
    answers: { 200: json('The worker.', 'Worker') },
    errors: ['worker.not_found'],
  },
  'GET /livez': {
    id: 'getLiveness',
    summary: 'Whether the process runs',
    answers: { 200: json('It does.', 'Live') },
  },
  'GET /readyz': {
    id: 'getReadiness',
    summary: 'Whether it can take jobs',
    answers: { 200: ready(true), 503: withHeaders(ready(false), 'Retry-After') },
  },
  'GET /docs/errors': {
    id: 'getErrorPage',
    summary: 'What each error code means: where the `type` of a problem leads',
    answers: { 200: text('For browsers.', 'text/html') },
  },
  'GET /openapi.json': {
    id: 'getDocument',
    summary: 'This document',
    answers: {
      200: {
        description: 'OpenAPI 3.1, with the limits of the moment.',
        content: { 'application/json': { schema: { type: 'object' } } },
      },
    },
  },
};
