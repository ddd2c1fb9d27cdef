import { api, type Schema } from '../../api/client';

/** Whose namespace it is: an organization's, or one's own. */
export type Place = { organization: string } | { user: true };

/** A robot's name without its namespace. */
export const shortName = (robot: string): string => robot.slice(robot.indexOf('+') + 1);

type Body = Schema<'RobotBody'>;

/** The operations on robots, which are the same at both places. Names are short ones, without the namespace. */
export function robotsOf(of: Place) {
  if ('organization' in of) {
    const orgname = of.organization;
    const path = (robot: string) => ({ path: { orgname, robot } });
    return {
      list: (next_page: string | undefined, signal: AbortSignal) => api((c) => c.GET('/api/v1/organization/{orgname}/robots', { params: { path: { orgname }, query: { permissions: true, token: false, ...(next_page ? { next_page } : {}) } }, signal })),
      create: (robot: string, body: Body) => api((c) => c.PUT('/api/v1/organization/{orgname}/robots/{robot}', { params: path(robot), body })),
      change: (robot: string, body: Body) => api((c) => c.PATCH('/api/v1/organization/{orgname}/robots/{robot}', { params: path(robot), body })),
      remove: (robot: string) => api((c) => c.DELETE('/api/v1/organization/{orgname}/robots/{robot}', { params: path(robot) })),
      grants: (robot: string) => api((c) => c.GET('/api/v1/organization/{orgname}/robots/{robot}/permissions', { params: path(robot) })),
      show: (robot: string) => api((c) => c.GET('/api/v1/organization/{orgname}/robots/{robot}', { params: path(robot) })),
      regenerate: (robot: string) => api((c) => c.POST('/api/v1/organization/{orgname}/robots/{robot}/regenerate', { params: path(robot) })),
      credentials: (robot: string, format: string) => api((c) => c.GET('/api/v1/organization/{orgname}/robots/{robot}/credentials/{format}', { params: { path: { orgname, robot, format } }, parseAs: 'text' })),
    };
  }
  const path = (robot: string) => ({ path: { robot } });
  return {
    list: (next_page: string | undefined, signal: AbortSignal) => api((c) => c.GET('/api/v1/user/robots', { params: { query: { permissions: true, token: false, ...(next_page ? { next_page } : {}) } }, signal })),
    create: (robot: string, body: Body) => api((c) => c.PUT('/api/v1/user/robots/{robot}', { params: path(robot), body })),
    change: (robot: string, body: Body) => api((c) => c.PATCH('/api/v1/user/robots/{robot}', { params: path(robot), body })),
    remove: (robot: string) => api((c) => c.DELETE('/api/v1/user/robots/{robot}', { params: path(robot) })),
    grants: (robot: string) => api((c) => c.GET('/api/v1/user/robots/{robot}/permissions', { params: path(robot) })),
    show: (robot: string) => api((c) => c.GET('/api/v1/user/robots/{robot}', { params: path(robot) })),
    regenerate: (robot: string) => api((c) => c.POST('/api/v1/user/robots/{robot}/regenerate', { params: path(robot) })),
    credentials: (robot: string, format: string) => api((c) => c.GET('/api/v1/user/robots/{robot}/credentials/{format}', { params: { path: { robot, format } }, parseAs: 'text' })),
  };
}

export const usageOf = (of: Place) => 'organization' in of
  ? api((c) => c.GET('/api/v1/organization/{orgname}/usage', { params: { path: { orgname: of.organization } } }))
  : api((c) => c.GET('/api/v1/user/usage'));

export const deletedOf = (of: Place, next_page: string | undefined) => {
  const query = next_page ? { next_page } : {};
  return 'organization' in of
    ? api((c) => c.GET('/api/v1/organization/{orgname}/deletedrepositories', { params: { path: { orgname: of.organization }, query } }))
    : api((c) => c.GET('/api/v1/user/deletedrepositories', { params: { query } }));
};
