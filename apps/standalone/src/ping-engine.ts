import { get } from 'node:http';

const PATIENCE_MS = 2_000;

/** Whether a Docker engine answers on this unix socket. */
export async function answersPing(socketPath: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const request = get(
    { socketPath, path: '/_ping', signal: AbortSignal.timeout(PATIENCE_MS) },
    (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    },
  );
  request.on('error', () => resolve(false));
  return promise;
}
