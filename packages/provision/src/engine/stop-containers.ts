import { callEngine } from './engine-api.ts';

/** Short: whoever cared for these containers has given them their time, or is gone. */
const GRACE_SECONDS = 2;

/**
 * Stops all running containers at once. An engine with live-restore would leave them running.
 * Best effort: an engine that does not answer has its containers ended with its processes.
 */
export async function stopContainers(socketPath: string): Promise<void> {
  const { body } = await callEngine(socketPath, '/containers/json');
  const running = JSON.parse(body) as { readonly Id: string }[];
  await Promise.allSettled(
    running.map(({ Id }) =>
      callEngine(socketPath, `/containers/${Id}/stop?t=${GRACE_SECONDS}`, { method: 'POST' }),
    ),
  );
}
