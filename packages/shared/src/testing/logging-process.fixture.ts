import fs from 'node:fs';
import { createLogger } from '../logger.ts';

/** Logs in one turn of the event loop, in another one, and at its end; says on standard error what waits for a disk. */
fs.fsyncSync = () => void process.stderr.write('fsync');

const logger = createLogger({ name: 'test', level: 'info' });
logger.info('one');
logger.info('two');
setImmediate(() => {
  logger.info('three');
  process.exit();
});
