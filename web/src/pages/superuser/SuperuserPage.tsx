import { PageSection } from '@patternfly/react-core';
import { lazy } from 'react';
import { useMe } from '../../api/session';
import { PageHead } from '../../ui/PageHead';
import { PageTabs } from '../../ui/PageTabs';
import { ConfigurationTab } from './ConfigurationTab';
import { HealthTab } from './HealthTab';
import { HoldsTab } from './HoldsTab';
import { KeysTab } from './KeysTab';
import { t } from './messages';
import { MessagesTab } from './MessagesTab';
import { OrganizationsTab } from './OrganizationsTab';
import { ReviewTab } from './ReviewTab';
import { StorageTab } from './StorageTab';
import { UsageTab } from './UsageTab';
import { UsersTab } from './UsersTab';

const LogsView = lazy(() => import('../../ui/logs/LogsView').then((m) => ({ default: m.LogsView })));

/** The whole registry, for superusers; those who only read see it without what changes anything. */
export function SuperuserPage() {
  const me = useMe()!;
  const canChange = me.super_user === true;
  if (!canChange && me.global_readonly_super_user !== true) return <><PageHead title={t('title')} /><PageSection>{t('forbidden')}</PageSection></>;
  return (
    <>
      <PageHead title={t('title')}>{t('lead')}</PageHead>
      <PageTabs
        label={t('tabs')}
        tabs={[
          { key: 'users', title: t('users'), content: () => <UsersTab canChange={canChange} /> },
          { key: 'organizations', title: t('organizations'), content: () => <OrganizationsTab canChange={canChange} /> },
          { key: 'usage', title: t('usage'), content: () => <UsageTab canChange={canChange} /> },
          { key: 'storage', title: t('storage'), content: () => <StorageTab /> },
          { key: 'logs', title: t('logs'), content: () => <LogsView of={{ registry: true }} /> },
          { key: 'review', title: t('review'), content: () => <ReviewTab /> },
          { key: 'holds', title: t('holds'), content: () => <HoldsTab canChange={canChange} /> },
          { key: 'keys', title: t('keys'), content: () => <KeysTab canChange={canChange} /> },
          { key: 'messages', title: t('messages'), content: () => <MessagesTab canChange={canChange} /> },
          { key: 'configuration', title: t('configuration'), content: () => <ConfigurationTab /> },
          { key: 'health', title: t('health'), content: () => <HealthTab /> },
        ]}
      />
    </>
  );
}
