import { api, type Schema } from '../../api/client';

/** Whose holds: all of the registry, or those on an organization and what is in it, of which a repository's settings show their part. */
export type HoldPlace = { registry: true } | { organization: string; repository?: string };

export type Hold = Schema<'ShownHold'>;

export type HoldKind = 'organization' | 'person' | 'repository' | 'tag' | 'audit';

/** What can be held from here, the likeliest first. */
export function kindsAt(of: HoldPlace): readonly HoldKind[] {
  if ('registry' in of) return ['organization', 'repository', 'tag', 'person', 'audit'];
  return of.repository === undefined ? ['organization', 'repository', 'tag'] : ['repository', 'tag'];
}

/** The operations on holds, which superusers and the admins of an organization have each at their own place. */
export function holdsOf(of: HoldPlace) {
  if ('registry' in of)
    return {
      list: (lifted: boolean, next_page: string | undefined, signal: AbortSignal) => api((c) => c.GET('/api/v1/superuser/hold', { params: { query: { lifted, ...(next_page ? { next_page } : {}) } }, signal })),
      set: (body: Schema<'NewHold'>) => api((c) => c.POST('/api/v1/superuser/hold', { body })),
      lift: (hold_id: string) => api((c) => c.DELETE('/api/v1/superuser/hold/{hold_id}', { params: { path: { hold_id } } })),
    };
  const orgname = of.organization;
  return {
    list: (lifted: boolean, next_page: string | undefined, signal: AbortSignal) => api((c) => c.GET('/api/v1/organization/{orgname}/hold', { params: { path: { orgname }, query: { lifted, ...(next_page ? { next_page } : {}) } }, signal })),
    set: ({ kind, reason, repository, tag, case_reference }: Schema<'NewHold'>) => api((c) => c.POST('/api/v1/organization/{orgname}/hold', { params: { path: { orgname } }, body: { kind, reason, repository, tag, case_reference } as Schema<'NewOrganizationHold'> })),
    lift: (hold_id: string) => api((c) => c.DELETE('/api/v1/organization/{orgname}/hold/{hold_id}', { params: { path: { orgname, hold_id } } })),
  };
}
