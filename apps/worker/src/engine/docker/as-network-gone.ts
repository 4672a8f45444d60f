import { type EngineError, NetworkGoneError } from '../engine.ts';

/** As Docker 20.10 says it of one that has ended, and that is not there. */
const ENDED = /cannot join network of a non running container|is restarting, wait until/;
const ABSENT = /No such container: ([0-9a-f]+)/;
/** As its runtime says it of one whose end the engine has not seen yet. */
const ENDED_JUST_NOW = /\/proc\/\d+\/ns\/net\b/;

/** The error, as what it means when a container was to join the network of another one. */
export function asNetworkGone(error: EngineError, container = ''): EngineError {
  const { message } = error;
  const absent = ABSENT.exec(message)?.[1];
  const isAbsent = absent !== undefined && absent !== container;
  if (!isAbsent && !ENDED.test(message) && !ENDED_JUST_NOW.test(message)) return error;
  return new NetworkGoneError(message, error.code, { cause: error });
}
