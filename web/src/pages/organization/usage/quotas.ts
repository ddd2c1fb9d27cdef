import { api, type Schema } from '../../../api/client';
import { bodyOf, thresholds, type Rule } from './rule';

/** Whose quotas: an organization's, or a person's, which are superusers' to set. */
export type Rationed = { organization: string } | { person: string };

type Quota = Schema<'ShownQuota'>;

/** The operations on quotas, at both places. */
export function quotasOf(of: Rationed) {
  if ('organization' in of) {
    const orgname = of.organization;
    const path = (quota: number) => ({ orgname, quota_id: quota });
    return {
      show: (quota: number) => api((c) => c.GET('/api/v1/organization/{orgname}/quota/{quota_id}', { params: { path: path(quota) } })),
      create: (prefix: string, rule: Rule) => api((c) => c.POST('/api/v1/organization/{orgname}/quota', { params: { path: { orgname } }, body: bodyOf(prefix, rule) })),
      remove: (quota: number) => api((c) => c.DELETE('/api/v1/organization/{orgname}/quota/{quota_id}', { params: { path: path(quota) } })),
      change: async (former: Quota, rule: Rule) => {
        const wanted = thresholds(rule);
        const same = (a: Schema<'NewLimit'>, b: Schema<'ShownLimit'>) => a.type === b.type && a.threshold_percent === b.limit_percent;
        await api((c) => c.PUT('/api/v1/organization/{orgname}/quota/{quota_id}', { params: { path: path(former.id) }, body: { limit: rule.limit } }));
        // Taken away before others come: there is but one from which pushes are refused.
        for (const limit of former.limits.filter((each) => !wanted.some((want) => same(want, each))))
          await api((c) => c.DELETE('/api/v1/organization/{orgname}/quota/{quota_id}/limit/{limit_id}', { params: { path: { ...path(former.id), limit_id: limit.id } } }));
        for (const body of wanted.filter((want) => !former.limits.some((each) => same(want, each))))
          await api((c) => c.POST('/api/v1/organization/{orgname}/quota/{quota_id}/limit', { params: { path: path(former.id) }, body }));
      },
    };
  }
  const namespace = of.person;
  const create = (prefix: string, rule: Rule) => api((c) => c.POST('/api/v1/superuser/users/{namespace}/quota', { params: { path: { namespace } }, body: bodyOf(prefix, rule) }));
  const remove = (quota: number) => api((c) => c.DELETE('/api/v1/superuser/users/{namespace}/quota/{quota_id}', { params: { path: { namespace, quota_id: quota } } }));
  return {
    show: async (quota: number) => (await api((c) => c.GET('/api/v1/superuser/users/{namespace}/quota', { params: { path: { namespace } } }))).find((each) => each.id === quota)!,
    create,
    remove,
    // There is no operation on the thresholds of a person's quota.
    change: async (former: Quota, rule: Rule) => {
      await remove(former.id);
      await create(former.prefix ?? '', rule);
    },
  };
}
