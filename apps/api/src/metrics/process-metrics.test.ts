import perfHooks from 'node:perf_hooks';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ProcessMetrics } from './process-metrics.ts';

test('who stands in line is counted when somebody asks', async () => {
  const metrics = new ProcessMetrics();
  let inLine = 3;
  metrics.watchLine(() => inLine);
  expect(await metrics.text()).toContain('conjob_jobs_in_line 3\n');
  inLine = 0;
  expect(await metrics.text()).toContain('conjob_jobs_in_line 0\n');
});

test('the event loop is watched from the first time on that somebody asks, once', async () => {
  const watch = vi.spyOn(perfHooks, 'monitorEventLoopDelay');
  onTestFinished(() => watch.mockRestore());
  const metrics = new ProcessMetrics();
  metrics.countRefused('maxQueuedJobs');
  expect(watch).not.toHaveBeenCalled();
  for (let times = 0; times < 2; times += 1) {
    const text = await metrics.text();
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds ');
    expect(text).toContain('conjob_jobs_refused_total{limit="maxQueuedJobs"} 1');
    expect(watch).toHaveBeenCalledOnce();
  }
});
