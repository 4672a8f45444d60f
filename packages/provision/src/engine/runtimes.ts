import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { findBinary } from '../binaries/find-binary.ts';
import { crunOnHybrid } from './crun-on-hybrid.ts';

/** As a configuration file of an engine has them: by name, the path of each. */
export type Runtimes = Readonly<Record<string, { readonly path: string }>>;

const HYBRID = '/sys/fs/cgroup/unified/cgroup.controllers';

/**
 * crun, where it is installed; nothing where it is not. Where it needs help that is a program, which is written to
 * `helpPath`, and must stay as long as containers of the engine run.
 */
export function crunRuntime(helpPath: string): Runtimes {
  const crun = findBinary('crun');
  if (crun === undefined) return {};
  if (process.arch !== 'x64' || !existsSync(HYBRID)) return { crun: { path: crun } };
  writeProgram(helpPath, crunOnHybrid(crun));
  return { crun: { path: helpPath } };
}

/** One that runs can't be written to, so another one takes its place. */
function writeProgram(path: string, content: Buffer): void {
  if (existsSync(path) && readFileSync(path).equals(content)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, content);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
}
