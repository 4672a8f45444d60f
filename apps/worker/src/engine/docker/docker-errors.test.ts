import { describe, expect, test } from 'vitest';
import { EngineError } from '../engine.ts';
import { toEngineError } from './docker-errors.ts';

const http = (statusCode: number, text: string) =>
  Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${text} `), { statusCode });
const node = (code: string, text = code) => Object.assign(new Error(text), { code });

describe('what an engine says becomes an entry of the catalogue:', () => {
  test.each([
    ['pull', 404, 'manifest for x:1 not found: manifest unknown', 'image.not_found'],
    [
      'pull',
      404,
      "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      'image.not_found',
    ],
    [
      'pull',
      404,
      'no matching manifest for linux/s390x in the manifest list entries',
      'image.wrong_platform',
    ],
    [
      'pull',
      500,
      'Get "http://127.0.0.1:5000/v2/x/manifests/1": no basic auth credentials',
      'image.unauthorized',
    ],
    ['pull', 500, 'unauthorized: authentication required', 'image.unauthorized'],
    ['pull', 500, 'Head "https://ghcr.io/v2/x/manifests/1": denied', 'image.unauthorized'],
    ['pull', 500, 'dial tcp 127.0.0.1:1: connect: connection refused', 'registry.unreachable'],
    ['pull', 500, 'dial tcp: lookup nowhere.invalid: no such host', 'registry.unreachable'],
    ['pull', 500, 'net/http: request canceled (Client.Timeout exceeded)', 'registry.unreachable'],
    [
      'pull',
      500,
      'toomanyrequests: You have reached your pull rate limit',
      'registry.rate_limited',
    ],
    ['pull', 500, 'unknown blob', 'registry.failed'],
    ['pull', 500, 'received unexpected HTTP status: 503 Service Unavailable', 'registry.failed'],
    ['pull', 500, 'write /x: no space left on device', 'engine.no_space'],
    ['pull', 400, 'invalid reference format', 'image.invalid'],
    ['create', 404, 'No such image: x:latest', 'image.not_local'],
    [
      'create',
      404,
      'image with reference x was found but does not match the specified platform',
      'image.wrong_platform',
    ],
    ['create', 400, 'No command specified', 'run.refused'],
    ['create', 400, 'Minimum memory limit allowed is 6MB', 'run.refused'],
    ['create', 409, 'Conflict. The container name "/x" is already in use', 'engine.failed'],
    ['create', 500, 'something broke', 'engine.failed'],
    ['create', 500, 'mkdir /x: no space left on device', 'engine.no_space'],
    [
      'start',
      500,
      'connection error: desc = "transport: error while dialing: dial unix /run/containerd/containerd.sock: connect: connection refused": unavailable',
      'engine.unavailable',
    ],
    [
      'start',
      400,
      'exec: "x": executable file not found in $PATH: unknown',
      'run.command_not_found',
    ],
    [
      'start',
      400,
      'exec: "/x": stat /x: no such file or directory: unknown',
      'run.command_not_found',
    ],
    ['start', 400, 'exec: "/etc": permission denied: unknown', 'run.not_executable'],
    ['start', 500, 'open executable: Operation not permitted: unknown', 'run.not_executable'],
    ['start', 400, 'exec /x: exec format error', 'run.not_executable'],
    ['start', 500, 'unable to find user x: no matching entries in passwd file', 'run.unknown_user'],
    ['start', 400, 'exec /bin/echo: argument list too long', 'run.arguments_too_long'],
    ['start', 500, 'something broke', 'engine.failed'],
    ['other', 500, 'something broke', 'engine.failed'],
    ['image', 500, 'something broke', 'engine.failed'],
  ] as const)('%s %i "%s" is %s', (operation, status, text, code) => {
    const error = toEngineError(http(status, text), operation);
    expect(error).toMatchObject({ code, message: text });
  });

  test.each(['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EACCES', 'ABORT_ERR'])(
    '%s means that the engine is away, whatever was asked',
    (code) => {
      for (const operation of ['pull', 'create', 'start', 'other'] as const) {
        expect(toEngineError(node(code), operation).code).toBe('engine.unavailable');
      }
    },
  );

  test('a connection that broke means that the engine is away', () => {
    expect(toEngineError(new Error('socket hang up'), 'other').code).toBe('engine.unavailable');
    expect(toEngineError(new Error('aborted'), 'pull').code).toBe('engine.unavailable');
  });

  test('what nobody thought of is the engine’s failure, with the cause', () => {
    const cause = new TypeError('x is not a function');
    expect(toEngineError(cause, 'start')).toMatchObject({ code: 'engine.failed', cause });
    expect(toEngineError('text', 'start')).toMatchObject({ code: 'engine.failed' });
  });

  test('what is classified already stays as it is', () => {
    const error = new EngineError('image.not_found', 'x');
    expect(toEngineError(error, 'other')).toBe(error);
  });
});
