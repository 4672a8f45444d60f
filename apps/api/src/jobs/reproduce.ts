import {
  imageRepository,
  type JobRecord,
  type JobSpec,
  parseImageReference,
  type Sandbox,
  traceEnvironment,
} from '@conjob/shared';
import { option } from './docker-option.ts';
import { askedSandbox, sandboxFlags } from './sandbox-flags.ts';

const PULL = { always: 'always', absent: 'missing', never: 'never' } as const;
const SECRET_OPTION = ' --volume "$PWD/secret:/run/build/secrets/secrets:ro"';

/**
 * The `docker run` line that repeats a job on any machine, with comments on what the line can't say.
 * It is for a POSIX shell; whatever the job holds is quoted. Which cache a worker chose by itself is not
 * in the record, so not here either.
 */
export function reproduce({
  id,
  spec,
  imageDigest,
  secretVersion,
  attempts,
  sandbox,
}: JobRecord): string {
  const image =
    imageDigest === null
      ? spec.image
      : `${imageRepository(parseImageReference(spec.image))}@${imageDigest}`;
  // The digest makes sure that another machine gets the image which was here already.
  const pull = spec.pull === 'never' && imageDigest !== null ? 'absent' : spec.pull;
  const [program, ...entrypointArgs] = spec.entrypoint ?? [];
  const words = option('--pull', PULL[pull]);
  // As its last attempt had them; one that waits is about to have its first.
  const env = {
    ...traceEnvironment(spec),
    ...spec.env,
    CONJOB_JOB_ID: id,
    CONJOB_ATTEMPT: String(attempts.length || 1),
  };
  const secretNames = Object.keys(spec.sealedEnv ?? {});
  words.push(
    ...secretNames.flatMap((name) => option('--env', name)),
    ...options({ ...spec, env }, sandbox ?? askedSandbox(spec), program),
    image,
    ...entrypointArgs,
    ...spec.args,
  );
  // The shell is to fill in where it is.
  const secret = secretVersion === null ? '' : SECRET_OPTION;
  const redirect = spec.stdinBytes === null ? '' : ' < stdin';
  const comments = [
    `Job ${id}; ConJob allows it ${spec.timeoutSeconds} s.`,
    imageDigest === null &&
      'The digest of its image is not known: what the reference means may have changed.',
    sandbox === null &&
      `What confines it, as ${spec.profile}, is known when it has run: it is not in this line.`,
    spec.stdinBytes !== null &&
      `Put its standard input, ${spec.stdinBytes} bytes, into a file named stdin.`,
    secretNames.length > 0 &&
      'Values of its secretEnv are not shown: --env takes those of your own environment.',
    secretVersion !== null &&
      'Its image had a secret, which is not shown: put it into a file named secret.',
    spec.useDockerCache === true &&
      'Its /var/lib/docker was a volume that runs of its image share. This run has none of what was in it.',
    // Workers choose it by themselves. It does what runc does; that can't be said of a runtime that somebody has configured.
    sandbox?.runtime === 'crun' &&
      'It ran with the runtime crun. Where the engine has none, leave --runtime out: the result is the same.',
  ].filter((comment) => comment !== false);
  return [
    ...comments.map((comment) => `# ${comment}`),
    `docker run --rm${secret} ${words.map(shellQuote).join(' ')}${redirect}`,
    '',
  ].join('\n');
}

function options(spec: JobSpec, sandbox: Sandbox, program: string | undefined): string[] {
  return [
    ...(spec.stdinBytes === null ? [] : ['-i']),
    ...option('--platform', spec.platform),
    // An empty entrypoint takes away the image's own.
    ...option('--entrypoint', spec.entrypoint && (program ?? '')),
    ...Object.entries(spec.env).flatMap(([name, value]) => option('--env', `${name}=${value}`)),
    ...option('--workdir', spec.workdir),
    ...sandboxFlags(sandbox),
    ...option('--stop-timeout', spec.killTimeoutSeconds),
  ];
}

/** One word of a POSIX shell, whatever is in it. */
function shellQuote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
