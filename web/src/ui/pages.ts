import { useInfiniteQuery, type QueryKey } from '@tanstack/react-query';

/** A list that comes in pages with `next_page` tokens, as all lists of the API do. */
export function usePages<T extends { next_page?: string | null }>(key: QueryKey, load: (next: string | undefined, signal: AbortSignal) => Promise<T>, enabled = true) {
  return useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => load(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: T) => last.next_page || undefined,
    enabled,
  });
}
