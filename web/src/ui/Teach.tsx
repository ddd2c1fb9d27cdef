import { EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from '@patternfly/react-core';
import type { ReactNode } from 'react';

/** In place of a list that has nothing yet: what would be here, and how it gets here. */
export function Teach({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
  return (
    <EmptyState titleText={title} headingLevel="h2" variant="sm">
      <EmptyStateBody>{children}</EmptyStateBody>
      {actions && <EmptyStateFooter><EmptyStateActions>{actions}</EmptyStateActions></EmptyStateFooter>}
    </EmptyState>
  );
}
