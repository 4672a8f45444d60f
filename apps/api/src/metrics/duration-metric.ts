import type { JobPart, JobTotals } from '@conjob/shared';
import type { Metric } from 'prom-client';

const NAME = 'conjob_job_duration_seconds';

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly metricName: string;
}

/**
 * The durations as a histogram. Those of prom-client count what they observe themselves; this one is
 * counted already, in Redis.
 */
export function durationMetric(durations: JobTotals['durations']): Metric {
  const values = Object.entries(durations).flatMap(([part, { buckets, sumMs }]) => {
    const samples: Sample[] = [];
    let total = 0;
    for (const { boundMs, count } of buckets) {
      total += count;
      const le = boundMs === Infinity ? '+Inf' : String(boundMs / 1000);
      samples.push(sample('bucket', total, { part: part as JobPart, le }));
    }
    return [...samples, sample('sum', sumMs / 1000, { part }), sample('count', total, { part })];
  });
  const help = 'How long parts of jobs took, in their last attempts.';
  const metric = { name: NAME, help, type: 'histogram', get: async () => ({ ...metric, values }) };
  return metric as unknown as Metric;
}

function sample(kind: string, value: number, labels: Sample['labels']): Sample {
  return { metricName: `${NAME}_${kind}`, value, labels };
}
