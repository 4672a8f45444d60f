import type Docker from 'dockerode';
import { LABELS } from '../labels.ts';
import { absentAsNull } from './absent-as-null.ts';
import { withDeadline } from './deadline.ts';

/** One name for all workers: one that died in between leaves one volume, and not more and more. */
const SPACE_PROBE = 'conjob-space-probe';

/** Makes a volume and removes it again. */
export async function probeSpace(docker: Docker, deadlineMs: number): Promise<void> {
  const remove = () =>
    withDeadline(deadlineMs, 'other', (abortSignal) =>
      docker.getVolume(SPACE_PROBE).remove({ abortSignal }),
    );
  // One that is there already would be found, and not made.
  await absentAsNull(remove());
  await withDeadline(deadlineMs, 'create', (abortSignal) =>
    docker.createVolume({
      Name: SPACE_PROBE,
      Labels: { [LABELS.spaceProbe]: 'true' },
      abortSignal,
    }),
  );
  await absentAsNull(remove());
}
