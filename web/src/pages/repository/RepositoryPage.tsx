import { Button, Label, PageSection } from '@patternfly/react-core';
import LockIcon from '@patternfly/react-icons/dist/esm/icons/lock-icon';
import OutlinedStarIcon from '@patternfly/react-icons/dist/esm/icons/outlined-star-icon';
import StarIcon from '@patternfly/react-icons/dist/esm/icons/star-icon';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { lazy } from 'react';
import { api } from '../../api/client';
import { useMe } from '../../api/session';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/PageHead';
import { PageTabs } from '../../ui/PageTabs';
import { useSay } from '../../ui/toasts';
import { InformationTab } from './InformationTab';
import { t } from './messages';
import { repositoryQuery, type Repository } from './queries';

const TagsTab = lazy(() => import('./tags/TagsTab').then((m) => ({ default: m.TagsTab })));
const HistoryTab = lazy(() => import('./history/HistoryTab').then((m) => ({ default: m.HistoryTab })));
const SecurityTab = lazy(() => import('./security/SecurityTab').then((m) => ({ default: m.SecurityTab })));
const LogsView = lazy(() => import('../../ui/logs/LogsView').then((m) => ({ default: m.LogsView })));
const PermissionsTab = lazy(() => import('./permissions/PermissionsTab').then((m) => ({ default: m.PermissionsTab })));
const SettingsTab = lazy(() => import('./settings/SettingsTab').then((m) => ({ default: m.SettingsTab })));

export function RepositoryPage({ repository }: { repository: string }) {
  const query = useQuery(repositoryQuery(repository));
  if (query.data === undefined) return <><PageHead title={repository} crumbs={[{ name: t('repositories'), to: '/repository' }]} /><PageSection><Loaded query={query}>{() => null}</Loaded></PageSection></>;
  const shown = query.data;
  return (
    <>
      <RepositoryHead shown={shown} />
      <PageTabs
        label={t('tabs')}
        tabs={[
          { key: 'information', title: t('information'), content: () => <InformationTab shown={shown} /> },
          { key: 'tags', title: t('tags'), content: () => <TagsTab shown={shown} /> },
          { key: 'history', title: t('history'), content: () => <HistoryTab shown={shown} /> },
          { key: 'security', title: t('security'), content: () => <SecurityTab repository={repository} /> },
          ...(shown.can_admin ? [
            { key: 'logs', title: t('logs'), content: () => <LogsView of={{ repository }} /> },
            { key: 'permissions', title: t('permissions'), content: () => <PermissionsTab shown={shown} /> },
            { key: 'settings', title: t('settings'), content: () => <SettingsTab shown={shown} /> },
          ] : []),
        ]}
      />
    </>
  );
}

function RepositoryHead({ shown }: { shown: Repository }) {
  const me = useMe();
  const say = useSay();
  const queries = useQueryClient();
  const repository = `${shown.namespace}/${shown.name}`;
  const toggle = async () => {
    try {
      if (shown.is_starred) await api((c) => c.DELETE('/api/v1/user/starred/{repository}', { params: { path: { repository } } }));
      else await api((c) => c.POST('/api/v1/user/starred', { body: { namespace: shown.namespace!, repository: shown.name! } }));
      await Promise.all([queries.invalidateQueries({ queryKey: ['repository', repository] }), queries.invalidateQueries({ queryKey: ['repositories'] })]);
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  return (
    <PageHead
      title={repository}
      crumbs={[{ name: t('repositories'), to: '/repository' }, { name: shown.namespace!, to: `/${shown.is_organization ? 'organization' : 'user'}/${shown.namespace}` }]}
      badges={<>
        {shown.is_public ? <Label color="green">{t('public')}</Label> : <Label icon={<LockIcon />}>{t('private')}</Label>}
        {shown.state === 'READ_ONLY' && <Label color="orange">{t('readOnly')}</Label>}
      </>}
      actions={me && <Button variant="secondary" aria-pressed={shown.is_starred === true} icon={shown.is_starred ? <StarIcon /> : <OutlinedStarIcon />} onClick={() => void toggle()}>{t(shown.is_starred ? 'starred' : 'star')}</Button>}
    />
  );
}
