import { api } from '../../../api/client';
import { steps, type Rights } from './rights';

/** Goes from some rights of a robot to others, as far as it is possible; throws why it was not possible in full. */
export async function changeRights(namespace: string, robot: string, from: Rights, to: Rights): Promise<void> {
  const { join, leave, give, take } = steps(from, to);
  const member = (teamname: string) => ({ path: { orgname: namespace, teamname, membername: robot } });
  const grant = (name: string) => ({ path: { repository: `${namespace}/${name}`, username: robot } });
  const done = await Promise.allSettled([
    ...join.map((team) => api((c) => c.PUT('/api/v1/organization/{orgname}/team/{teamname}/members/{membername}', { params: member(team) }))),
    ...leave.map((team) => api((c) => c.DELETE('/api/v1/organization/{orgname}/team/{teamname}/members/{membername}', { params: member(team) }))),
    ...give.map(([name, role]) => api((c) => c.PUT('/api/v1/repository/{repository}/permissions/user/{username}', { params: grant(name), body: { role } }))),
    ...take.map((name) => api((c) => c.DELETE('/api/v1/repository/{repository}/permissions/user/{username}', { params: grant(name) }))),
  ]);
  const failed = done.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
