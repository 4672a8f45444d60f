import { inspect } from 'node:util';
import { EngineError } from '../engine.ts';
import { type Operation, toEngineError } from './docker-errors.ts';

/**
 * Runs one call to the engine within a deadline. The client has none of its own, and a call that is
 * cut after its headers never settles there, so this one decides; aborting frees the socket.
 */
export async function withDeadline<T>(
  milliseconds: number,
  operation: Operation,
  call: (abortSignal: AbortSignal) => Promise<T>,
  discard?: (late: T) => void,
): Promise<T> {
  const controller = new AbortController();
  // The client inspects all of its options, with all that is hidden in them, on each request.
  Object.assign(controller.signal, { [inspect.custom]: () => 'AbortSignal' });
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      new EngineError('engine.unavailable', `the engine did not answer within ${milliseconds} ms`),
    );
    controller.abort();
  }, milliseconds);
  const answer = call(controller.signal);
  try {
    return await Promise.race([answer, expired]);
  } catch (error) {
    // Whoever gave up does not want what comes after all.
    answer.then(discard, () => {});
    throw toEngineError(error, operation);
  } finally {
    clearTimeout(timer);
  }
}
