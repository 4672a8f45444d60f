/** A job was checked by limits that do not hold any more. */
export class OutdatedLimitsError extends Error {
  override readonly name = 'OutdatedLimitsError';
}
