import { lazy } from 'react';
import { useConfig, useMe } from '../../api/session';
import { PageHead } from '../../ui/PageHead';
import { PageTabs } from '../../ui/PageTabs';
import { Picture } from '../../ui/Picture';
import { AuthorizationsTab } from './AuthorizationsTab';
import { EncryptedTab } from './EncryptedTab';
import { EndTab } from './EndTab';
import { t } from './messages';
import { ProfileTab } from './ProfileTab';
import { SessionsTab } from './SessionsTab';
import { TokensTab } from './TokensTab';

const LogsView = lazy(() => import('../../ui/logs/LogsView').then((m) => ({ default: m.LogsView })));

/** What belongs to the person who is signed in. */
export function AccountPage() {
  const me = useMe()!;
  const config = useConfig();
  return (
    <>
      <PageHead title={t('title')} picture={<Picture avatar={me.avatar} size={32} />}>{me.username}</PageHead>
      <PageTabs
        label={t('tabs')}
        tabs={[
          { key: 'profile', title: t('profile'), content: () => <ProfileTab /> },
          ...(config?.features['APP_SPECIFIC_TOKENS'] === false ? [] : [{ key: 'tokens', title: t('tokens'), content: () => <TokensTab /> }]),
          { key: 'encrypted', title: t('encrypted'), content: () => <EncryptedTab /> },
          { key: 'authorizations', title: t('authorizations'), content: () => <AuthorizationsTab /> },
          { key: 'sessions', title: t('sessions'), content: () => <SessionsTab /> },
          { key: 'logs', title: t('logs'), content: () => <LogsView of={{ user: true }} /> },
          { key: 'end', title: t('account'), content: () => <EndTab /> },
        ]}
      />
    </>
  );
}
