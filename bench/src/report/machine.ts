import { cpus, release, totalmem } from 'node:os';
import { run } from '@conjob/provision';
import type Docker from 'dockerode';

const GIB = 1024 ** 3;

/** What the figures were measured on, and with. */
export async function describeMachine(docker: Docker, appendfsync: string): Promise<string> {
  const [engine, info, redis] = await Promise.all([
    docker.version(),
    docker.info() as Promise<{ Driver: string; CgroupVersion?: string }>,
    run('redis-server', ['--version']),
  ]);
  const component = (name: string): string =>
    engine.Components?.find(({ Name }) => Name === name)?.Version ?? 'of unknown version';
  return [
    `${new Date().toISOString().slice(0, 10)}`,
    `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores`,
    `${Math.round(totalmem() / GIB)} GiB`,
    `Linux ${release()}`,
    `Docker ${engine.Version} (containerd ${component('containerd')}, runc ${component('runc')}, ${info.Driver}, cgroup v${info.CgroupVersion ?? '1'})`,
    `Redis ${/v=(\S+)/.exec(redis)?.[1] ?? ''} with appendfsync ${appendfsync}`,
    `Node ${process.versions.node}`,
  ].join(' · ');
}
