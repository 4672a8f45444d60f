/**
 * Why a job did not simply run to its end: the one catalogue of codes. A code is stable, a text is not.
 * `docs/errors.md` is made of it.
 */
export const JOB_ERRORS = {
  'image.not_found': {
    message: 'The registry has no such image.',
    hint: 'Check the name, the tag and the platform. A private image looks the same without a login.',
  },
  'image.not_local': {
    message: 'The image is not on the host that ran the job, and pull=never forbids to fetch it.',
    hint: 'Use pull=absent or pull=always, or load the image on every host.',
  },
  'image.unauthorized': {
    message: 'The registry wants a login for this image, or refused the one it got.',
    hint: 'Give the workers credentials for this registry.',
  },
  'image.invalid': {
    message: 'The engine can not use this image.',
    hint: 'Run it with `docker run` to see the engine’s own words.',
  },
  'image.not_allowed': {
    message: 'The worker does not run this image.',
    hint: 'An operator says which images may be run: IMAGE_ALLOW and IMAGE_DIGEST_ONLY.',
  },
  'image.wrong_platform': {
    message: 'The image does not exist for the platform that was asked for.',
    hint: 'Leave out `platform`, or build the image for it.',
  },
  'registry.unreachable': {
    message: 'The registry of the image could not be reached.',
    hint: 'Try again; with pull=absent a copy on the host is used without asking the registry.',
  },
  'registry.rate_limited': {
    message: 'The registry answered that there were too many requests.',
    hint: 'Wait, log in, or use pull=absent.',
  },
  'registry.failed': {
    message: 'The registry broke off, or answered with an error.',
    hint: 'Try again.',
  },
  'pull.timed_out': {
    message: 'The image could not be pulled within the time allowed.',
    hint: 'Raise pullTimeoutSeconds, or put the image on the hosts before.',
  },
  'queue.timed_out': {
    message: 'No worker took the job within the time allowed.',
    hint: 'Add workers, or raise queueTimeoutSeconds.',
  },
  'run.timed_out': {
    message: 'The container was stopped since it ran longer than allowed.',
    hint: 'Raise timeout, at most to the configured maximum.',
  },
  'run.cancelled': { message: 'The job was cancelled on request.', hint: null },
  'run.command_not_found': {
    message: 'The image has no such command.',
    hint: 'Arguments replace the CMD of an image without ENTRYPOINT: the first is then the program.',
  },
  'run.not_executable': {
    message: 'The command exists in the image but can not be executed.',
    hint: 'Check its mode, its interpreter, and that it is no directory.',
  },
  'run.out_of_memory': {
    message: 'The kernel ended the container since it used more memory than allowed.',
    hint: 'Raise resources.memoryBytes.',
  },
  'run.arguments_too_long': {
    message: 'Arguments and environment together are larger than the kernel takes.',
    hint: 'Pass the data by standard input: stdin=true.',
  },
  'run.unknown_user': {
    message: 'The image has no such user.',
    hint: 'Check `user` against /etc/passwd of the image, or give a number.',
  },
  'run.refused': {
    message: 'The engine refused to create or start this container.',
    hint: 'The detail holds the engine’s own words.',
  },
  'volume.not_ours': {
    message: 'The host has a volume of this name that is not of this image and this ConJob.',
    hint: 'An operator should rename or remove it on the host of the named worker: it is never mounted.',
  },
  'sandbox.refused': {
    message: 'The worker does not run the container the way that the job asks for.',
    hint: 'The detail says why: its profile, its limits, or what the engine of the worker lacks.',
  },
  'secrets.unreadable': {
    message: 'A secret could not be given to the job.',
    hint: 'The secret is kept. An operator should look at the keys and the log of the named worker.',
  },
  'worker.lost': {
    message: 'The worker that ran the job was lost, and with it the end of the run.',
    hint: 'The container may have done its work, in part or whole. Submit again if that does no harm.',
  },
  'worker.stopped': {
    message: 'The worker was shut down before the run ended.',
    hint: 'Submit again if that does no harm.',
  },
  'engine.unavailable': {
    message: 'The Docker engine of the worker did not answer.',
    hint: 'Try again; an operator should look at the engine of the named worker.',
  },
  'engine.no_space': {
    message: 'The disk of the Docker host is full.',
    hint: 'An operator should free space on the host of the named worker.',
  },
  'engine.failed': {
    message: 'The Docker engine answered with an error that is not the job’s.',
    hint: 'Try again; the detail holds the engine’s own words.',
  },
  'output.incomplete': {
    message: 'The container ended, but its output may lack some bytes.',
    hint: 'The engine was restarted, or the connection to it broke, while the container ran.',
  },
  'job.incompatible': {
    message: 'The job was written by another version of ConJob than its worker runs.',
    hint: 'Upgrade the workers, then submit again.',
  },
  'job.internal': {
    message: 'ConJob itself failed.',
    hint: 'Please report it, with the job’s id and the log of its worker.',
  },
} as const satisfies Record<string, { message: string; hint: string | null }>;

export type JobErrorCode = keyof typeof JOB_ERRORS;

export interface JobError {
  readonly code: JobErrorCode;
  /** One sentence for a person; may carry what the engine said. */
  readonly message: string;
  readonly hint: string | null;
}

/** An entry of the catalogue, with what the engine or registry said, if anything. */
export function jobError(code: JobErrorCode, detail?: string): JobError {
  const { message, hint } = JOB_ERRORS[code];
  return { code, hint, message: detail === undefined ? message : `${message} (${detail})` };
}
