import type { IncomingMessage } from 'node:http';
import type Docker from 'dockerode';
import { EngineError, type ExitCondition, type ExitWatch } from '../engine.ts';
import { dial } from './dial.ts';

/**
 * Waits for the end of a container. Resolves when the engine has answered with headers: then the
 * waiter is registered, and no exit can be missed.
 *
 * dockerode's own `wait` never settles when the connection is cut after the headers; here the body
 * is read as a stream, whose end without an answer is an error.
 */
export async function watchExit(
  docker: Docker,
  id: string,
  condition: ExitCondition,
  abortSignal: AbortSignal,
): Promise<ExitWatch> {
  const response = await dial<IncomingMessage>(docker.modem, {
    path: `/containers/${id}/wait?`,
    method: 'POST',
    isStream: true,
    abortSignal,
    statusCodes: { 200: true, 404: 'no such container', 500: 'server error' },
    options: { _query: { condition }, _body: {} },
  });
  const exitCode = readExitCode(response);
  // Nobody may be waiting yet when the engine goes away.
  exitCode.catch(() => {});
  return { exitCode, destroy: () => response.destroy() };
}

async function readExitCode(response: IncomingMessage): Promise<number> {
  let body = '';
  try {
    for await (const chunk of response) body += chunk;
  } catch (cause) {
    throw new EngineError('engine.unavailable', 'the engine went away while the job ran', {
      cause,
    });
  }
  const exitCode = parseExitCode(body);
  if (exitCode === undefined) {
    throw new EngineError('engine.unavailable', 'the engine broke off while the job ran');
  }
  return exitCode;
}

function parseExitCode(body: string): number | undefined {
  if (body.trim() === '') return undefined;
  const { StatusCode } = JSON.parse(body) as { StatusCode?: unknown };
  return typeof StatusCode === 'number' ? StatusCode : undefined;
}
