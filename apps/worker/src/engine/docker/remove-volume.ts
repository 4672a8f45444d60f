import type Docker from 'dockerode';
import { absentAsNull } from './absent-as-null.ts';
import { withDeadline } from './deadline.ts';
import { isConflict } from './docker-errors.ts';

/** False when the volume is in use, or not there. */
export async function removeVolume(
  docker: Docker,
  name: string,
  deadlineMs: number,
): Promise<boolean> {
  const removed = await absentAsNull(
    withDeadline(deadlineMs, 'other', async (abortSignal) => {
      await docker.getVolume(name).remove({ abortSignal });
      return true;
    }),
    isConflict,
  );
  return removed !== null;
}
