import { expectNoMarkedProcesses, sweepAbandoned, sweepOnExit } from '@conjob/testkit';

/** A vitest global setup: what a run leaves that is killed half way is swept up, engines included. */
export default async function sweep(): Promise<() => void> {
  await sweepAbandoned();
  const forget = sweepOnExit();
  return () => {
    forget();
    expectNoMarkedProcesses();
  };
}
