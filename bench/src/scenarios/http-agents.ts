import { Agent } from 'node:http';
import Docker from 'dockerode';
import { interleave } from '../interleave.ts';
import { median } from '../report/statistics.ts';
import { figure, table } from '../report/table.ts';
import type { Performance } from './scenario.ts';

const OPEN_CONNECTIONS = [1, 16, 48];
const REQUESTS = 50;

/** CPU time of an engine call, by how many connections are open and whose agent holds them. */
export async function compareAgents({ stage, rounds, signal, say }: Performance): Promise<string> {
  const rows: string[][] = [];
  for (const open of OPEN_CONNECTIONS) {
    say(`${open} open connections: ${rounds} rounds of 2 × ${REQUESTS} requests`);
    const socketPath = stage.engineSocket;
    const ms = await interleave(
      rounds,
      {
        none: () => cpuPerRequest(new Docker({ socketPath }), open),
        own: async () => {
          const agent = new Agent({ keepAlive: true });
          try {
            // The types do not know it, the client hands it on to Node.
            return await cpuPerRequest(new Docker({ socketPath, agent } as object), open);
          } finally {
            agent.destroy();
          }
        },
      },
      signal,
    );
    rows.push([String(open), figure(median(ms.none), 2), figure(median(ms.own), 2)]);
  }
  const header = [
    'open connections',
    'no agent: CPU ms per request',
    'an agent: CPU ms per request',
  ];
  return `${table(header, rows)}\n\n${rounds} rounds of ${REQUESTS} requests each.`;
}

async function cpuPerRequest(docker: Docker, open: number): Promise<number> {
  const streams = await Promise.all(Array.from({ length: open }, () => docker.getEvents()));
  try {
    await docker.ping();
    const before = process.cpuUsage();
    for (let request = 0; request < REQUESTS; request++) await docker.ping();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000 / REQUESTS;
  } finally {
    for (const stream of streams) {
      stream.on('error', () => {});
      (stream as NodeJS.ReadableStream & { destroy(): void }).destroy();
    }
  }
}
