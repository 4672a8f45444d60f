import type { OutputChunk } from '@conjob/shared';
import { testContainer } from '../../testing/specs.ts';
import type { Attachment, ContainerId, ContainerSpec, Engine, ExitWatch } from '../engine.ts';
import { LABELS } from '../labels.ts';

/** What the suite runs on. */
export interface EngineUnderTest {
  readonly engine: Engine;
  /** Has a shell, and no command of its own. */
  readonly image: string;
  /** Has `echo` for its entrypoint. */
  readonly echoImage: string;
  readonly removeVolume: (name: string) => Promise<unknown>;
}

export interface Started {
  readonly id: ContainerId;
  readonly attachment: Attachment;
  readonly watch: ExitWatch;
}

/** Marks the containers of this run: they are removed after each test. */
export const WORKER = `contract-${process.pid}`;
/** The only one that they mount. */
export const VOLUME = `conjob-contract-${process.pid}`;

/** An engine, and short words for what most tests do with it. */
export class ContractContext {
  readonly engine: Engine;
  readonly image: string;
  readonly echoImage: string;
  readonly #removeVolume: EngineUnderTest['removeVolume'];
  readonly #started: Started[] = [];

  constructor({ engine, image, echoImage, removeVolume }: EngineUnderTest) {
    this.engine = engine;
    this.image = image;
    this.echoImage = echoImage;
    this.#removeVolume = removeVolume;
  }

  spec(args: readonly string[], more: Partial<ContainerSpec> = {}): ContainerSpec {
    return testContainer(this.image, args, { labels: { [LABELS.worker]: WORKER }, ...more });
  }

  sh(script: string, more?: Partial<ContainerSpec>): ContainerSpec {
    return this.spec(['sh', '-c', script], more);
  }

  /** In the one right order. */
  async start(container: ContainerSpec, input?: Buffer): Promise<Started> {
    const id = await this.engine.create(container);
    const [attachment, watch] = await Promise.all([
      this.engine.attach(id, { input }),
      this.engine.watchExit(id, 'next-exit'),
    ]);
    this.#started.push({ id, attachment, watch });
    await this.engine.start(id);
    return { id, attachment, watch };
  }

  async run(container: ContainerSpec, input?: Buffer) {
    const { id, attachment, watch } = await this.start(container, input);
    const [output, exitCode] = await Promise.all([read(attachment), watch.exitCode]);
    return { id, exitCode, ...output };
  }

  /** Lets go of and removes what a test left. */
  async clear(): Promise<void> {
    for (const { attachment, watch } of this.#started) {
      attachment.destroy();
      watch.destroy();
    }
    const left = await this.engine.list({ [LABELS.worker]: WORKER });
    await Promise.all(left.map(({ id }) => this.engine.remove(id)));
    await this.#removeVolume(VOLUME);
  }
}

export async function read({ output }: Attachment) {
  const chunks: Record<OutputChunk['stream'], Buffer[]> = { stdout: [], stderr: [] };
  for await (const { stream, data } of output) chunks[stream].push(Buffer.from(data));
  const bytes = Buffer.concat(chunks.stdout);
  return { bytes, stdout: bytes.toString(), stderr: Buffer.concat(chunks.stderr).toString() };
}
