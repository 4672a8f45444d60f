import { imageRepository, type JobRecord, type JobSpec, parseImageReference } from '@conjob/shared';

const PULL = { always: 'always', absent: 'missing', never: 'never' } as const;

/**
 * The `docker run` line that repeats a job on any machine, with comments on what the line can't say.
 * It is for a POSIX shell; whatever the job holds is quoted. Which runtime and cache a worker chose by
 * itself is not in the record, so not here either.
 */
export function reproduce({ id, spec, imageDigest, attempts }: JobRecord): string {
  const image =
    imageDigest === null
      ? spec.image
      : `${imageRepository(parseImageReference(spec.image))}@${imageDigest}`;
  // The digest makes sure that another machine gets the image which was here already.
  const pull = spec.pull === 'never' && imageDigest !== null ? 'absent' : spec.pull;
  const [program, ...entrypointArgs] = spec.entrypoint ?? [];
  const words = ['docker', 'run', '--rm', ...option('--pull', PULL[pull])];
  // As its last attempt had them; one that waits is about to have its first.
  const env = { ...spec.env, CONJOB_JOB_ID: id, CONJOB_ATTEMPT: String(attempts.length || 1) };
  words.push(...options({ ...spec, env }, program), image, ...entrypointArgs, ...spec.args);
  const redirect = spec.stdinBytes === null ? '' : ' < stdin';
  const comments = [
    `Job ${id}; ConJob allows it ${spec.timeoutSeconds} s.`,
    imageDigest === null &&
      'The digest of its image is not known: what the reference means may have changed.',
    spec.stdinBytes !== null &&
      `Put its standard input, ${spec.stdinBytes} bytes, into a file named stdin.`,
    spec.useDockerCache === true &&
      'Its /var/lib/docker was a volume that runs of its image share. This run has none of what was in it.',
  ].filter((comment) => comment !== false);
  return [
    ...comments.map((comment) => `# ${comment}`),
    `${words.map(shellQuote).join(' ')}${redirect}`,
    '',
  ].join('\n');
}

function options(spec: JobSpec, program: string | undefined): string[] {
  const { memoryBytes, cpus, pids } = spec.resources;
  const memory = memoryBytes === undefined ? undefined : String(memoryBytes);
  return [
    ...(spec.stdinBytes === null ? [] : ['-i']),
    ...option('--platform', spec.platform),
    // An empty entrypoint takes away the image's own.
    ...option('--entrypoint', spec.entrypoint && (program ?? '')),
    ...Object.entries(spec.env).flatMap(([name, value]) => option('--env', `${name}=${value}`)),
    ...option('--workdir', spec.workdir),
    ...option('--user', spec.user),
    ...option('--network', spec.network === 'none' ? 'none' : undefined),
    ...option('--memory', memory),
    // The same figure again: no swap on top of it.
    ...option('--memory-swap', memory),
    // The client refuses more decimals than nine: the engine has had it rounded, too.
    ...option('--cpus', cpus && Math.round(cpus * 1e9) / 1e9),
    ...option('--pids-limit', pids),
    ...option('--stop-timeout', spec.killTimeoutSeconds),
  ];
}

function option(name: string, value: string | number | undefined): string[] {
  return value === undefined ? [] : [name, String(value)];
}

/** One word of a POSIX shell, whatever is in it. */
function shellQuote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
