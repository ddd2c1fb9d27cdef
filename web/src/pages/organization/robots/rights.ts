import type { Role } from '../../../ui/entities/RoleSelect';

/** The teams that a robot is in, and what it was itself granted on which repositories. */
export type Rights = { teams: ReadonlySet<string>; grants: ReadonlyMap<string, Role> };

export const noRights: Rights = { teams: new Set(), grants: new Map() };

/** What leads from one to the other. */
export const steps = (from: Rights, to: Rights) => ({
  join: [...to.teams].filter((team) => !from.teams.has(team)),
  leave: [...from.teams].filter((team) => !to.teams.has(team)),
  give: [...to.grants].filter(([name, role]) => from.grants.get(name) !== role),
  take: [...from.grants.keys()].filter((name) => !to.grants.has(name)),
});
