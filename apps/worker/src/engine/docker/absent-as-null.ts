import { isNotFound } from './docker-errors.ts';

/** Null for what is not there, or is in the wanted state already. */
export async function absentAsNull<T>(
  call: Promise<T>,
  alsoFine: (error: unknown) => boolean = () => false,
): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    const { cause } = error as Error;
    if (cause !== undefined && (isNotFound(cause) || alsoFine(cause))) return null;
    throw error;
  }
}
