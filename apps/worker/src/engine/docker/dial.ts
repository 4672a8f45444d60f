import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { inspect } from 'node:util';
import type Docker from 'dockerode';

type Modem = Docker['modem'];
type DialOptions = Parameters<Modem['dial']>[0];

/** One request by the client's lower layer: for what its methods do not offer. */
export function dial<Answer>(modem: Modem, options: DialOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    modem.dial(options, (error, answer) =>
      error ? reject(error as Error) : resolve(answer as Answer),
    );
  });
}

/** A question without parameters, to be answered at once. */
export function get<Answer>(modem: Modem, path: string, abortSignal: AbortSignal): Promise<Answer> {
  const statusCodes = { 200: true, 500: 'server error' } as const;
  return dial<Answer>(modem, { path, method: 'GET', abortSignal, statusCodes });
}

/** The same modem, but with a new connection for each request. */
export function withoutReuse(modem: Modem): Modem {
  return withAgent(modem, isSecure(modem) ? new HttpsAgent() : new HttpAgent());
}

/** The same modem, whose requests are made by this agent. */
export function withAgent(modem: Modem, agent: HttpAgent): Modem {
  // The client inspects its whole agent, with the sockets and buffers of that, on each request.
  Object.assign(agent, { [inspect.custom]: () => 'Agent' });
  return Object.assign(Object.create(modem), { agent });
}

export function isSecure(modem: Modem): boolean {
  return (modem as unknown as { protocol: string }).protocol === 'https';
}
