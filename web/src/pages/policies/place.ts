import { api, type Schema } from '../../api/client';

/** Where policies stand: with a repository, an organization, or one's own namespace. */
export type Place = { repository: string } | { organization: string } | { user: true };

type PruneBody = Schema<'PrunePolicyBody'>;

/** The operations on prune policies, which are the same at all three places. */
export function pruning(of: Place) {
  if ('repository' in of) {
    const path = { repository: of.repository };
    return {
      list: () => api((c) => c.GET('/api/v1/repository/{repository}/autoprunepolicy/', { params: { path } })),
      create: (body: PruneBody) => api((c) => c.POST('/api/v1/repository/{repository}/autoprunepolicy/', { params: { path }, body })),
      update: (policy_uuid: string, body: PruneBody) => api((c) => c.PUT('/api/v1/repository/{repository}/autoprunepolicy/{policy_uuid}', { params: { path: { ...path, policy_uuid } }, body })),
      remove: (policy_uuid: string) => api((c) => c.DELETE('/api/v1/repository/{repository}/autoprunepolicy/{policy_uuid}', { params: { path: { ...path, policy_uuid } } })),
      preview: (body: PruneBody) => api((c) => c.POST('/api/v1/repository/{repository}/autoprunepolicy/preview', { params: { path, query: { limit: 50 } }, body })),
    };
  }
  if ('organization' in of) {
    const path = { orgname: of.organization };
    return {
      list: () => api((c) => c.GET('/api/v1/organization/{orgname}/autoprunepolicy/', { params: { path } })),
      create: (body: PruneBody) => api((c) => c.POST('/api/v1/organization/{orgname}/autoprunepolicy/', { params: { path }, body })),
      update: (policy_uuid: string, body: PruneBody) => api((c) => c.PUT('/api/v1/organization/{orgname}/autoprunepolicy/{policy_uuid}', { params: { path: { ...path, policy_uuid } }, body })),
      remove: (policy_uuid: string) => api((c) => c.DELETE('/api/v1/organization/{orgname}/autoprunepolicy/{policy_uuid}', { params: { path: { ...path, policy_uuid } } })),
      preview: (body: PruneBody) => api((c) => c.POST('/api/v1/organization/{orgname}/autoprunepolicy/preview', { params: { path, query: { limit: 50 } }, body })),
    };
  }
  return {
    list: () => api((c) => c.GET('/api/v1/user/autoprunepolicy/')),
    create: (body: PruneBody) => api((c) => c.POST('/api/v1/user/autoprunepolicy/', { body })),
    update: (policy_uuid: string, body: PruneBody) => api((c) => c.PUT('/api/v1/user/autoprunepolicy/{policy_uuid}', { params: { path: { policy_uuid } }, body })),
    remove: (policy_uuid: string) => api((c) => c.DELETE('/api/v1/user/autoprunepolicy/{policy_uuid}', { params: { path: { policy_uuid } } })),
    preview: (body: PruneBody) => api((c) => c.POST('/api/v1/user/autoprunepolicy/preview', { params: { query: { limit: 50 } }, body })),
  };
}

/** The operations on immutability policies of a repository or an organization. */
export function immutability(of: { repository: string } | { organization: string }) {
  if ('repository' in of) {
    const path = { repository: of.repository };
    return {
      list: () => api((c) => c.GET('/api/v1/repository/{repository}/immutabilitypolicy/', { params: { path } })),
      create: (body: Schema<'NewPolicy'>) => api((c) => c.POST('/api/v1/repository/{repository}/immutabilitypolicy/', { params: { path }, body })),
      remove: (policy_uuid: string) => api((c) => c.DELETE('/api/v1/repository/{repository}/immutabilitypolicy/{policy_uuid}', { params: { path: { ...path, policy_uuid } } })),
    };
  }
  const path = { orgname: of.organization };
  return {
    list: () => api((c) => c.GET('/api/v1/organization/{orgname}/immutabilitypolicy/', { params: { path } })),
    create: (body: Schema<'NewPolicy'>) => api((c) => c.POST('/api/v1/organization/{orgname}/immutabilitypolicy/', { params: { path }, body })),
    remove: (policy_uuid: string) => api((c) => c.DELETE('/api/v1/organization/{orgname}/immutabilitypolicy/{policy_uuid}', { params: { path: { ...path, policy_uuid } } })),
  };
}
