import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Put in by the bundler, for images. */
declare const BUILD_COMMIT: string | undefined;

/** The commit that this process was made from; `unknown` where neither the build nor git knows it. */
export async function buildCommit(): Promise<string> {
  if (typeof BUILD_COMMIT !== 'undefined' && BUILD_COMMIT !== '') return BUILD_COMMIT;
  try {
    const git = promisify(execFile)('git', ['rev-parse', 'HEAD'], { cwd: import.meta.dirname });
    return (await git).stdout.trim();
  } catch {
    return 'unknown';
  }
}
