import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, PageSection } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import { t } from './messages';

export function NotFoundPage() {
  return (
    <PageSection>
      <EmptyState titleText={t('notFound')} headingLevel="h1">
        <EmptyStateBody>{t('notFoundBody')}</EmptyStateBody>
        <EmptyStateFooter><EmptyStateActions><Button component={(props) => <Link {...props} to="/" />}>{t('toHome')}</Button></EmptyStateActions></EmptyStateFooter>
      </EmptyState>
    </PageSection>
  );
}
