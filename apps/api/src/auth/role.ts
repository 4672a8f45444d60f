/** What somebody may do, least first: who has one role may also do all that those before it may. */
export const ROLES = ['read', 'submit', 'admin'] as const;

export type Role = (typeof ROLES)[number];

/** `public`: also without any credentials. */
export type Access = 'public' | Role;

const RANKS: readonly Access[] = ['public', ...ROLES];

/** Whether a role suffices for what needs `needed`. */
export function suffices(role: Role, needed: Access): boolean {
  return RANKS.indexOf(role) >= RANKS.indexOf(needed);
}

/** The one that is the hardest to get. */
export function strictest(all: readonly Access[]): Access {
  return RANKS.findLast((access) => all.includes(access)) ?? 'admin';
}
