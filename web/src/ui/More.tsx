import { Bullseye, Button } from '@patternfly/react-core';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { t } from './messages';
import { Wait } from './Loaded';
import { Problem } from './Problem';

/** The pages of a list that have come so far, as one, with a button for the next unless the list itself asks for it. */
export function Pages<T, Row>({ query, rows, withButton = true, children }: { query: UseInfiniteQueryResult<InfiniteData<T>>; rows: (page: T) => readonly Row[] | null | undefined; withButton?: boolean; children: (rows: Row[]) => ReactNode }) {
  if (query.data === undefined)
    return query.error !== null ? <Problem fault={query.error} retry={query.refetch} /> : <Wait />;
  return (
    <>
      {children(query.data.pages.flatMap((page) => rows(page) ?? []))}
      {withButton && query.hasNextPage && <Bullseye className="wharf-more"><Button variant="secondary" isLoading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t('more')}</Button></Bullseye>}
    </>
  );
}
