import type Docker from 'dockerode';
import type { ContainerCreateOptions } from 'dockerode';
import { containerOf, type Network, runInConJob } from './conjob-job.ts';

/** The options of a container, but for the command. */
export type Template = (args: readonly string[]) => ContainerCreateOptions;

/**
 * Lets ConJob make a container, and returns its options as the engine has them: so the bare
 * sequence runs exactly the container that ConJob runs, now and after changes of ConJob, with a network of its own.
 */
export async function likeConJob(
  docker: Docker,
  url: string,
  image: string,
  network: Network = 'none',
): Promise<Template> {
  const { id } = await runInConJob(url, { image, network, args: ['true'], remove: false });
  const container = docker.getContainer(containerOf(id));
  const { Config, HostConfig, Image } = await container.inspect();
  await container.remove({ force: true, v: true });
  const { AttachStdin, AttachStdout, AttachStderr, OpenStdin, StdinOnce, StopTimeout, Env } =
    Config as typeof Config & { StopTimeout?: number };
  const labels = Object.entries(Config.Labels).map(([name, value]) => [`bench.${name}`, value]);
  return (args) => ({
    Image,
    Cmd: [...args],
    Env,
    Labels: Object.fromEntries(labels) as Record<string, string>,
    AttachStdin,
    AttachStdout,
    AttachStderr,
    OpenStdin,
    StdinOnce,
    ...(StopTimeout === undefined ? {} : { StopTimeout }),
    // ConJob may have put it into a network that is there already.
    HostConfig: { ...HostConfig, NetworkMode: network },
  });
}
