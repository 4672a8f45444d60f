/** The secret of an image can't be given to its job. The message is one clause, for the caller of the job. */
export class SecretError extends Error {
  override readonly name = 'SecretError';
}
