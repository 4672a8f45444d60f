/** Private /24 networks that few sites and no tool's defaults use. */
export const CANDIDATE_SUBNETS: readonly string[] = Array.from(
  { length: 32 },
  (_, index) => `10.${213 + (index % 8)}.${37 + 50 * Math.floor(index / 8)}.0/24`,
);

/** The first candidate that overlaps none of `taken` (addresses or networks in CIDR form). */
export function freeSubnet(
  taken: readonly string[],
  candidates: readonly string[] = CANDIDATE_SUBNETS,
): string | undefined {
  return candidates.find((candidate) => !taken.some((network) => overlap(candidate, network)));
}

/** The address a bridge has in its own /24: the first one. */
export function gatewayOf(subnet: string): string {
  return subnet.replace(/\.0\/24$/, '.1/24');
}

function overlap(a: string, b: string): boolean {
  const [addressA, bitsA] = parse(a);
  const [addressB, bitsB] = parse(b);
  const bits = Math.min(bitsA, bitsB);
  if (bits === 0) return false; // the default route leads everywhere and takes nothing
  const shift = 32 - bits;
  return addressA >>> shift === addressB >>> shift;
}

function parse(cidr: string): [address: number, bits: number] {
  const [address = '', bits = '32'] = cidr.split('/');
  const value = address.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
  return [value >>> 0, Number(bits)];
}
