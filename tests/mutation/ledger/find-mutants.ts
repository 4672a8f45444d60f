import { connectPatient, disconnect } from '@conjob/shared';
import { startTestRedis } from '@conjob/testkit';
import { ledgerScripts, type Redis } from './ledger-scripts.ts';
import { type LuaMutant, mutantsOf, mutate } from './lua-mutants.ts';

/** Every change of the ledger's scripts that Redis can compile, each once. */
export async function findMutants(): Promise<LuaMutant[]> {
  const scripts = [...ledgerScripts().values()];
  const distinct = new Map<string, LuaMutant>();
  for (const mutant of scripts.flatMap(mutantsOf)) {
    distinct.set(`${mutant.before}\0${mutant.after}`, mutant);
  }
  const server = await startTestRedis();
  const redis = connectPatient(server.url);
  try {
    const compile = [...distinct.values()].map(async (mutant) => {
      const changed = scripts.filter((script) => script.includes(mutant.before));
      const isValid = await Promise.all(
        changed.map((script) => compiles(redis, mutate(script, mutant))),
      );
      return isValid.every(Boolean) ? [mutant] : [];
    });
    return (await Promise.all(compile)).flat();
  } finally {
    await disconnect(redis);
    await server.stop();
  }
}

async function compiles(redis: Redis, script: string): Promise<boolean> {
  return redis.script('LOAD', script).then(
    () => true,
    () => false,
  );
}
