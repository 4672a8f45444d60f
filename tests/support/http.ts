import { TEST_IMAGES } from '@conjob/testkit';

/** A job spec that needs no registry and no network, but for its arguments. */
export const BUSYBOX = { image: TEST_IMAGES.busybox.tag, pull: 'never', remove: true } as const;

/** Query of a job that needs no registry and no network. */
export function query(image: string, parameters: Readonly<Record<string, string>> = {}): string {
  return new URLSearchParams({ image, pull: 'never', remove: 'true', ...parameters }).toString();
}

export async function getJson(url: string, init?: RequestInit): Promise<Record<string, unknown>> {
  const response = await fetch(url, init);
  return (await response.json()) as Record<string, unknown>;
}

/** Asks again until the answer suits. */
export async function until<T>(look: () => Promise<T>, suits: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await look();
    if (suits(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
