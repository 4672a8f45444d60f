import { z } from 'zod';

const told = { attempt: z.int().min(1), stream: z.enum(['stdout', 'stderr']) };

/** Data of the events of a job that are not the job itself. */
export const outputEvent = z.union([
  z.strictObject({ ...told, text: z.string() }),
  z.strictObject({ ...told, base64: z.base64() }).meta({ description: 'What is no UTF-8.' }),
]);

export const noticeEvent = z.strictObject({ message: z.string() });
