import { CANARY_FORMS, filesOfEngineWithCanary, filesWithCanary } from '@conjob/testkit';
import type { Cluster } from '../cluster/cluster.ts';
import type { Load } from '../load/load.ts';

/** Where the secret is that jobs were given: in Redis' files, with an engine, in a log or in an answer. */
export async function findLeaks(
  { redis, engines, apis, workers }: Cluster,
  { operations }: Pick<Load, 'operations'>,
): Promise<string[]> {
  const said = [
    ...[...apis, ...workers].map((part) => ({
      place: `the log of ${part.name}`,
      text: part.log(),
    })),
    ...operations.map(({ key, answer, view }) => ({
      place: `what was answered for ${key}`,
      text: `${answer?.output}${view?.output}${JSON.stringify([answer, view])}`,
    })),
  ];
  const files = await Promise.all([
    filesWithCanary(redis.aofFolder),
    ...engines.map(({ dataRoot }) => filesOfEngineWithCanary(dataRoot)),
  ]);
  const texts = said.filter(({ text }) => CANARY_FORMS.some((form) => text.includes(form)));
  return [...files.flat(), ...texts.map(({ place }) => place)];
}
