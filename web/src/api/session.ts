import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, ApiProblem, type Schema } from './client';

export type Me = Schema<'OwnUser'>;

/** What /config says of this registry; its names are Quay's. */
export type Config = {
  config: { REGISTRY_TITLE: string; SERVER_HOSTNAME: string; PREFERRED_URL_SCHEME: string; TAG_EXPIRATION_OPTIONS: string[]; DEFAULT_TAG_EXPIRATION: string; [key: string]: unknown };
  features: Record<string, boolean>;
  version_number: string;
  awaits_first_user: boolean;
};

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async (): Promise<Me | null> => {
    try {
      return await api((c) => c.GET('/api/v1/user/'));
    } catch (fault) {
      if (fault instanceof ApiProblem && fault.status === 401) return null;
      throw fault;
    }
  },
  staleTime: 60_000,
});

export const configQuery = queryOptions({
  queryKey: ['config'],
  queryFn: () => api((c) => c.GET('/config')) as Promise<unknown> as Promise<Config>,
  staleTime: 300_000,
});

/** Who is signed in; null for nobody. Loaded before any page is shown. */
export function useMe(): Me | null {
  return useQuery(meQuery).data ?? null;
}

export function useConfig(): Config | undefined {
  return useQuery(configQuery).data;
}

/** What clients write before a repository's name: this server's address as this page reached it. */
export const registryHost = (): string => window.location.host;
