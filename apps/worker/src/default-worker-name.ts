import { hostname } from 'node:os';

/**
 * Of a worker that was given no name: its host, and which engine it has there. Engine ids are base32 in
 * groups, or UUIDs: the first characters tell engines apart well enough.
 */
export function defaultWorkerName(engineId: string): string {
  const start = engineId.replace(/[^a-zA-Z0-9]/g, '').slice(0, 6);
  return `${hostname()}-${start.toLowerCase()}`;
}
