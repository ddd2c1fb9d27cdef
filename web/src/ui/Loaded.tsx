import { Bullseye, Spinner } from '@patternfly/react-core';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { t } from './messages';
import { Problem } from './Problem';

/** What a query brought, or that it is still on its way, or why not. */
export function Loaded<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <Problem fault={query.error} retry={query.refetch} />;
  return <Wait />;
}

/** In place of what is on its way. */
export function Wait() {
  return <Bullseye className="wharf-loading"><Spinner aria-label={t('loading')} /></Bullseye>;
}
