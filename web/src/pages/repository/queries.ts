import { queryOptions } from '@tanstack/react-query';
import { api, type Schema } from '../../api/client';

export type Repository = Schema<'ShownRepository'>;

export const repositoryQuery = (repository: string) => queryOptions({
  queryKey: ['repository', repository],
  queryFn: ({ signal }) => api((c) => c.GET('/api/v1/repository/{repository}', { params: { path: { repository }, query: { includeTags: false } }, signal })),
});
