import { PlainClient } from './plain-client.ts';
import { type Simulation, type SimulationOptions, startSimulation } from './start-simulation.ts';

/** Gives `use` a simulation and a client of it, and ends both afterwards. */
export async function withSimulation<T>(
  options: SimulationOptions,
  use: (simulation: Simulation, client: PlainClient) => Promise<T>,
): Promise<T> {
  const simulation = await startSimulation(options);
  const client = new PlainClient(simulation.url);
  try {
    return await use(simulation, client);
  } finally {
    await client.close();
    await simulation.stop();
  }
}
