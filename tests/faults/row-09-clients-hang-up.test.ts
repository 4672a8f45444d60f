import { readdirSync, readFileSync } from 'node:fs';
import { type ClientRequest, request } from 'node:http';
import { expect } from 'vitest';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';
import { comesTrue } from './support/witness/controls.ts';

const CLIENTS = 1_000;
const WAVES = 10;
const MIB = 1024 * 1024;
/** Of one wave after another: memory that stays would come to far more. */
const GROWTH_BYTES = 16 * MIB;

const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;
const residentBytes = (pid: number) =>
  Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

faultRow(
  {
    row: '9',
    fault: `${CLIENTS} synchronous clients hang up, ${WAVES} times`,
    // A small heap: what is garbage is collected soon, and what is none shows.
    cluster: { env: { NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=48' } },
  },
  async ({ cluster, load, control, recovery, figures }) => {
    const pids = cluster.apis.map((api) => api.process.pid);
    const key = load.newKey();
    const { operation, ended } = load.run({ key, script: lines(key, 75, 0.2) });
    const [id] = await load.jobIds([{ operation }]);
    const connections = () => cluster.redis.with((redis) => redis.client('LIST'));
    const before = {
      files: pids.map(openFiles),
      redis: String(await connections()).split('\n').length,
    };
    const resident: number[] = [];
    for (let wave = 1; wave <= WAVES; wave++) {
      const clients = Array.from({ length: CLIENTS }, (_, number) => {
        const { url } = cluster.apis[number % 2 === 0 ? 0 : 1];
        return hold(`${url}/jobs/${id}?wait=120`);
      });
      const areThere = () =>
        pids.every((pid, place) => openFiles(pid) - (before.files[place] ?? 0) >= CLIENTS / 2);
      await control(`wave ${wave}: all ${CLIENTS} clients wait`, comesTrue(areThere));
      for (const client of clients) client.destroy();
      await recovery(async () => {
        const areGone = () =>
          pids.every((pid, place) => openFiles(pid) - (before.files[place] ?? 0) <= 8);
        expect(await comesTrue(areGone)).toBe(true);
      });
      resident.push(Math.max(...pids.map(residentBytes)));
    }
    figures['resident after each wave'] = resident
      .map((bytes) => `${Math.round(bytes / MIB)} MiB`)
      .join(', ');
    expect((resident.at(-1) ?? 0) - (resident[0] ?? 0)).toBeLessThan(GROWTH_BYTES);
    expect(String(await connections()).split('\n').length).toBeLessThanOrEqual(before.redis + 4);
    // The job and its one patient client are not disturbed.
    await ended;
    expect(operation.outcome).toBe('ok');
  },
);

function hold(url: string): ClientRequest {
  return request(url, { agent: false })
    .on('error', () => {}) // it hangs up itself
    .end();
}
