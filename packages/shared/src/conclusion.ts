/** How a job ended, for its caller. Statuses and messages are part of the HTTP contract. */
export const CONCLUSIONS = {
  SUCCESS: { status: 200, message: 'Job run successful.' },
  FAILURE: { status: 400, message: 'Job run failed.' },
  NOT_FOUND: { status: 404, message: 'Job not found.' },
  TIMED_OUT: { status: 408, message: 'Job exceeded maximum allowed duration.' },
  CANCELLED: { status: 409, message: 'Job was cancelled.' },
  UNKNOWN: { status: 500, message: 'Unknown outcome.' },
  REJECTED: { status: 503, message: 'Concurrent job limit exceeded. Please wait then try again.' },
} as const satisfies Record<string, { status: number; message: string }>;

export type Conclusion = keyof typeof CONCLUSIONS;

export const CONCLUSION_NAMES = Object.keys(CONCLUSIONS) as readonly Conclusion[];
