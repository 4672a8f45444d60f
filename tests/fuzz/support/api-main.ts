import { createLogger } from '@conjob/shared';
import { loadApiConfig, startApi } from '../../../apps/api/src/api.ts';

/** The API in a process of its own, which tells whoever started it what it holds on to. Needs --expose-gc. */

const logger = createLogger({ name: 'api', level: 'info', destination: { write: () => {} } });
const api = await startApi(loadApiConfig(process.env), logger);

// Node opens them when they are used first, whoever that is: that is not to look like a leak.
void [process.stdout, process.stderr];

process.on('message', (message) => {
  if (message === 'stop') void api.close().then(() => process.disconnect());
  else process.send?.(holdings());
});
process.send?.({ url: api.url, adminUrl: api.adminUrl });

function holdings() {
  // What was found to be garbage once may have held more of it.
  for (let round = 0; round < 3; round += 1) globalThis.gc?.();
  const names = process.eventNames();
  return {
    heapBytes: process.memoryUsage().heapUsed,
    listeners: names.reduce((sum, name) => sum + process.listenerCount(name), 0),
    resources: process.getActiveResourcesInfo().toSorted(),
  };
}
