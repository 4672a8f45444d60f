import { figure, table } from './table.ts';

/** What a figure should be, and what it was. */
export interface Aim {
  readonly what: string;
  /** The same for who has not read of the method, of those that the README shows. */
  readonly inShort?: string;
  readonly target: Target;
  readonly measured: number;
  /** How many digits of `measured` are worth something; default 2. */
  readonly digits?: number;
}

/** `{ atMost: 0.58 }`, with a unit where it is no ratio. */
export type Target = (
  | { readonly atMost: number }
  | { readonly below: number }
  | { readonly atLeast: number }
) & {
  readonly unit?: string;
};

/** What the scenarios aimed at when they were last written into the page, by their names. */
export type AimsByScenario = Readonly<Record<string, readonly Aim[]>>;

/** `≤ 15 ms` */
export function targetText(target: Target): string {
  return `${signOf(target)} ${limitOf(target)}${unitOf(target)}`;
}

export function isMet({ target, measured }: Aim): boolean {
  if ('atLeast' in target) return measured >= target.atLeast;
  return 'below' in target ? measured < target.below : measured <= target.atMost;
}

/** One line for each aim; what was missed is as easy to see as what was met. */
export function aimsTable(aims: AimsByScenario, names: readonly string[]): string {
  const rows = names.flatMap((name) =>
    (aims[name] ?? []).map((aim) => [...row(aim, aim.what), `\`${name}\``]),
  );
  return table(['', 'target', 'measured', '', 'scenario'], rows);
}

/** The few that tell most, and how many of all were met. */
export function headlines(aims: AimsByScenario, names: readonly string[]): string {
  const all = names.flatMap((name) => aims[name] ?? []);
  const rows = all.flatMap((aim) => (aim.inShort === undefined ? [] : [row(aim, aim.inShort)]));
  const missed = all.filter((aim) => !isMet(aim)).length;
  return [
    table(['', 'target', 'measured', ''], rows),
    `Of all ${all.length} figures that were aimed at, ${all.length - missed} were met and ${missed} missed.`,
  ].join('\n\n');
}

function row(aim: Aim, what: string): string[] {
  return [
    what,
    targetText(aim.target),
    `${figure(aim.measured, aim.digits ?? 2)}${unitOf(aim.target)}`,
    isMet(aim) ? 'met' : '**missed**',
  ];
}

function signOf(target: Target): string {
  if ('atLeast' in target) return '≥';
  return 'below' in target ? '<' : '≤';
}

function limitOf(target: Target): number {
  if ('atLeast' in target) return target.atLeast;
  return 'below' in target ? target.below : target.atMost;
}

function unitOf({ unit }: Target): string {
  return unit === undefined ? '' : ` ${unit}`;
}
