import { isUtf8 } from 'node:buffer';
import type { JobSpecSchema } from '@conjob/shared';
import { Query } from '../http/query.ts';
import { RequestError } from '../http/request-errors.ts';
import { checkSpec } from './check-spec.ts';
import { type NewJob, newJob } from './new-job.ts';
import { ON_DISCONNECT, wantsCancelOnDisconnect } from './on-disconnect.ts';

/** The query of `/job/run` and of `POST /jobs`. */
export const JOB_PARAMETERS: readonly string[] = [
  'image',
  'arg',
  'stdin',
  'pull',
  'remove',
  'remove_image',
  'use_docker_cache',
  'timeout',
  'network',
  'profile',
  'group',
  'stream',
  ON_DISCONNECT,
];

const NAMES: Record<string, string> = {
  removeImage: 'remove_image',
  useDockerCache: 'use_docker_cache',
  timeoutSeconds: 'timeout',
};

/** A job, and how it is to be answered where its output is. */
export interface QueryRequest extends NewJob {
  /** The output as it is written: `stream=true`. */
  readonly wantsStream: boolean;
}

/** The job that a query and a body ask for. `hint`: what who names no image can do. Throws `RequestError`. */
export function readQueryRequest(
  schema: JobSpecSchema,
  url: string,
  body: Buffer,
  hint?: string,
): QueryRequest {
  const query = new Query(url, JOB_PARAMETERS);
  refuseSecrets(query);
  const asInput = query.boolean('stdin') ?? false;
  const given = {
    image: query.text('image'),
    pull: query.text('pull'),
    remove: query.boolean('remove'),
    removeImage: query.boolean('remove_image'),
    useDockerCache: query.boolean('use_docker_cache'),
    timeoutSeconds: query.integer('timeout'),
    network: query.text('network')?.toLowerCase(),
    profile: query.text('profile')?.toLowerCase(),
    group: query.text('group'),
    args: query.list('arg'),
  };
  const wantsStream = query.boolean('stream') ?? false;
  const cancelOnDisconnect = wantsCancelOnDisconnect(query);
  const isArgument = body.length > 0 && !asInput;
  if (isArgument && given.args.length > 0) {
    const message =
      'Arguments come either from arg or from the body, not from both. With stdin=true the body goes to standard input.';
    query.errors.push({ path: 'body', message });
  } else if (isArgument && isUtf8(body)) given.args = [body.toString('utf8')];

  const request = checkSpec(schema, given, {
    nameOf: (path) => {
      if (path.startsWith('args')) return query.has('arg') ? 'arg' : 'body';
      return NAMES[path] ?? path;
    },
    errors: query.errors,
    code: query.code,
    hint: query.has('image') ? undefined : hint,
  });
  if (isArgument && !isUtf8(body)) throw bodyIsNoText();
  const input = asInput ? body : undefined;
  return { ...newJob({ given, request, input, cancelOnDisconnect }), wantsStream };
}

/** Says more than that it is unknown. The first message for a parameter is the one that counts. */
function refuseSecrets({ names, errors }: Query): void {
  for (const path of names) {
    if (!/^secret_?env/i.test(path)) continue;
    const message =
      'Secrets do not belong into a URL, which logs and histories keep: send a job spec as JSON to POST /jobs.';
    errors.unshift({ path, message });
  }
}

function bodyIsNoText(): RequestError {
  return new RequestError(
    'argument.not_text',
    'The body is not UTF-8 text, so it can not be an argument.',
    {
      hint: 'Bytes can go to standard input: stdin=true.',
      errors: [{ path: 'body', message: 'Is not UTF-8 text.' }],
    },
  );
}
