/**
 * What can be wrong with a request: the one catalogue of codes, and of the page that each of them has. A code and its
 * status are stable, a text is not. `remedy` is what the caller can do. How a *job* can fail is the catalogue `JOB_ERRORS`.
 */
export const REQUEST_ERRORS = {
  'request.malformed': {
    status: 400,
    title: 'The request can not be read.',
    remedy:
      'Mend what `detail` names: JSON that is none, text that is no UTF-8, a bad % sequence, or HTTP that could be read in two ways.',
  },
  'request.invalid': {
    status: 400,
    title: 'The request asks for something that is not possible.',
    remedy: 'Mend what `errors` names: it lists all that is wrong.',
  },
  'request.unknown_parameter': {
    status: 400,
    title: 'The request has an unknown parameter.',
    remedy: 'Leave it out, or spell it right: `errors` says which ones are known.',
  },
  'request.not_acceptable': {
    status: 406,
    title: 'There is no answer of the kind that is accepted.',
    remedy: 'Let `Accept` allow one of the types that `detail` names.',
  },
  'request.timed_out': {
    status: 408,
    title: 'The request did not arrive in time.',
    remedy:
      'Send it faster. An operator can raise HEADERS_TIMEOUT_SECONDS and REQUEST_TIMEOUT_SECONDS.',
  },
  'request.too_large': {
    status: 413,
    title: 'The body of the request is too large.',
    remedy: 'Send less. An operator can raise MAX_INPUT_BYTES for the input of jobs.',
  },
  'request.unsupported_media_type': {
    status: 415,
    title: 'The body of the request is of a kind that is not read here.',
    remedy: 'Send it without Content-Encoding, and as the Content-Type that `detail` names.',
  },
  'request.headers_too_large': {
    status: 431,
    title: 'URL and headers are too large.',
    remedy: 'Send large input as the body of a POST. An operator can raise MAX_HEADER_BYTES.',
  },
  'argument.not_text': {
    status: 400,
    title: 'An argument must be UTF-8 text.',
    remedy: 'Send bytes that are none as standard input: stdin=true.',
  },
  'argument.too_large': {
    status: 413,
    title: 'An argument is larger than the kernel takes.',
    remedy: 'Send it as standard input: stdin=true.',
  },
  'idempotency.invalid_key': {
    status: 400,
    title: 'The Idempotency-Key can not be used.',
    remedy: 'Use 1 to 255 visible characters of ASCII.',
  },
  'idempotency.mismatch': {
    status: 422,
    title: 'The Idempotency-Key was used for another request.',
    remedy: 'Use a new key for each new request.',
  },
  'auth.required': {
    status: 401,
    title: 'The request needs credentials that are valid here.',
    remedy: 'Send the login of this port, or a token that counts.',
  },
  'auth.too_many_failures': {
    status: 429,
    title: 'Too many wrong passwords came from this address.',
    remedy: 'Wait, and send the right one.',
  },
  'auth.forbidden': {
    status: 403,
    title: 'The credentials do not suffice for this.',
    remedy: 'Use a login or a token with the role that `detail` names.',
  },
  'origin.forbidden': {
    status: 403,
    title: 'Pages of this web site may not start or change anything here.',
    remedy:
      'An operator can name the origin of the page in CORS_ORIGINS; the page then sends a token of its own.',
  },
  'path.not_found': {
    status: 404,
    title: 'There is nothing at this path.',
    remedy: 'Look into /openapi.json for what there is, and on which port.',
  },
  'method.not_allowed': {
    status: 405,
    title: 'The method is not allowed here.',
    remedy: 'Use one that `Allow` names.',
  },
  'job.not_found': {
    status: 404,
    title: 'There is no such job.',
    remedy: 'Check the id. Finished jobs are kept for their retention time only.',
  },
  'job.gone': {
    status: 410,
    title: 'The job is no longer kept.',
    remedy: 'Use a new Idempotency-Key for a new job.',
  },
  'job.finished': {
    status: 409,
    title: 'The job has finished.',
    remedy: 'Nothing is left to cancel: look at the job.',
  },
  'job.unfinished': {
    status: 409,
    title: 'The job has not finished.',
    remedy: 'Wait for its end, or cancel it, and then delete it.',
  },
  'attempt.not_found': {
    status: 404,
    title: 'The job has no such attempt.',
    remedy: 'Look at `attempts` of the job.',
  },
  'worker.not_found': {
    status: 404,
    title: 'There is no such worker.',
    remedy: 'Look at /workers. One that is lost is forgotten after an hour.',
  },
  'token.exists': {
    status: 409,
    title: 'There is a token of this name already.',
    remedy: 'Use another name, or revoke that one.',
  },
  'token.not_found': {
    status: 404,
    title: 'There is no such token.',
    remedy: 'Look at /tokens: it may have been revoked, or have expired.',
  },
  'secret.empty': {
    status: 400,
    title: 'A secret can not be empty.',
    remedy: 'Send its content as the body; DELETE removes a secret.',
  },
  'secrets.unavailable': {
    status: 503,
    title: 'Secrets can not be set here.',
    remedy: 'An operator gives the API keys: SECRET_KEYS_DIR.',
  },
  'limit.requests': {
    status: 503,
    title: 'Too many new jobs within a second.',
    remedy: 'Send fewer. An operator can raise the limit.',
  },
  'limit.concurrent_runs': {
    status: 503,
    title: 'As many jobs run as may run at once.',
    remedy: 'Wait, or submit to /jobs, which queues. An operator can raise the limit.',
  },
  'queue.full': {
    status: 503,
    title: 'As many jobs wait as may.',
    remedy: 'Wait until some have ended. An operator can raise the limit, or add workers.',
  },
  'redis.unavailable': {
    status: 503,
    title: 'Redis does not answer.',
    remedy:
      'Try again. A job may exist all the same: with an Idempotency-Key, a repeated request makes no second one.',
  },
  'redis.busy': {
    status: 503,
    title: 'Redis does not keep up with new jobs.',
    remedy:
      'Try again, with the same Idempotency-Key if there was one: this request made no job. An operator looks at the CPU and the disk of Redis; for a Redis that is far away NEW_JOBS_AT_ONCE can be raised.',
  },
  'redis.refused_write': {
    status: 503,
    title: 'Redis refuses to store anything.',
    remedy: 'Try again. An operator looks at the memory and the disk of Redis.',
  },
  'request.failed': {
    status: 500,
    title: 'ConJob itself failed.',
    remedy: 'Please report it, with the trace id of the answer and the log of the API.',
  },
} as const satisfies Record<string, { status: number; title: string; remedy: string }>;

export type RequestErrorCode = keyof typeof REQUEST_ERRORS;
