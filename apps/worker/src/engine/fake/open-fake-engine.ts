import type { OpenEngine } from '../../open-engine.ts';
import { FakeEngine } from './fake-engine.ts';

/**
 * Lets a worker be started on an engine in memory, for simulations and benchmarks: all but the engine is what
 * runs in production. `images`: what it has, in their canonical form.
 */
export function openFakeEngine(id: string, images: readonly string[]): OpenEngine {
  const engine = new FakeEngine(id);
  for (const image of images) engine.images.add(image);
  return async () => ({
    engine,
    upkeep: engine.upkeep,
    helpers: engine.helpers,
    described: await engine.describe(),
    check: async () => [],
  });
}
