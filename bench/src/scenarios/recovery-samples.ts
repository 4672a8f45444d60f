/** One request, its times by one clock, in ms. */
export interface Sample {
  readonly sentAt: number;
  readonly answeredAt: number;
  /** Its HTTP status; 0 when the connection broke. */
  readonly status: number;
}

export interface OutageSamples {
  /** Answered before the fault. */
  readonly before: readonly Sample[];
  /** Under way when the fault came, or sent before anything had failed: nobody could know. */
  readonly caught: readonly Sample[];
  /** Sent when a request had failed already. */
  readonly after: readonly Sample[];
}

/** Sorts requests by what the API could know of the outage when they came. */
export function sortByOutage(samples: readonly Sample[], faultAt: number): OutageSamples {
  const failed = samples.filter(
    ({ status, answeredAt }) => status !== 200 && status !== 202 && answeredAt >= faultAt,
  );
  const knownAt = Math.min(...failed.map(({ answeredAt }) => answeredAt));
  return {
    before: samples.filter(({ answeredAt }) => answeredAt < faultAt),
    caught: samples.filter(({ sentAt, answeredAt }) => answeredAt >= faultAt && sentAt < knownAt),
    after: samples.filter(({ sentAt }) => sentAt >= knownAt),
  };
}

export const latencies = (samples: readonly Sample[]): number[] =>
  samples.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
