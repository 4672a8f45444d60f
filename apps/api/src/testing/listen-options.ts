import { createLogger } from '@conjob/shared';
import { loadApiConfig } from '../config.ts';
import type { ListenOptions } from '../http/listen.ts';

/** For servers of tests that say nothing, and have the limits that are configured by nobody. */
export const LISTEN_OPTIONS: ListenOptions = {
  limits: loadApiConfig({}).connections,
  logger: createLogger({ name: 'test', level: 'silent' }),
};
