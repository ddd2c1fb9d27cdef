import { queryOptions } from '@tanstack/react-query';
import { api, type Schema } from '../../api/client';

export type Organization = Schema<'ShownOrganization'>;

export const organizationQuery = (orgname: string) => queryOptions({
  queryKey: ['organization', orgname],
  queryFn: ({ signal }) => api((c) => c.GET('/api/v1/organization/{orgname}', { params: { path: { orgname } }, signal })),
});

export const teamsOf = (shown: Organization): Schema<'ShownTeam'>[] => (shown.ordered_teams ?? Object.keys(shown.teams ?? {})).flatMap((name) => shown.teams?.[name] ?? []);
