import { Button, Label, PageSection } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useLocation, useParams } from '@tanstack/react-router';
import { lazy, useMemo, useState } from 'react';
import { api } from '../../api/client';
import { useMe } from '../../api/session';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/PageHead';
import { PageTabs, type PageTab } from '../../ui/PageTabs';
import { Picture } from '../../ui/Picture';
import { NewRepository } from '../repositories/NewRepository';
import { RepositoryTable } from '../repositories/RepositoryTable';
import { t } from './messages';
import type { Place } from './place';
import { organizationQuery } from './queries';

const TeamsTab = lazy(() => import('./teams/TeamsTab').then((m) => ({ default: m.TeamsTab })));
const RobotsTab = lazy(() => import('./robots/RobotsTab').then((m) => ({ default: m.RobotsTab })));
const DefaultsTab = lazy(() => import('./defaults/DefaultsTab').then((m) => ({ default: m.DefaultsTab })));
const ApplicationsTab = lazy(() => import('./applications/ApplicationsTab').then((m) => ({ default: m.ApplicationsTab })));
const LogsView = lazy(() => import('../../ui/logs/LogsView').then((m) => ({ default: m.LogsView })));
const UsageTab = lazy(() => import('./usage/UsageTab').then((m) => ({ default: m.UsageTab })));
const SettingsTab = lazy(() => import('./settings/SettingsTab').then((m) => ({ default: m.SettingsTab })));
const OwnSettingsTab = lazy(() => import('./settings/OwnSettingsTab').then((m) => ({ default: m.OwnSettingsTab })));

const crumbs = [{ name: t('organizations'), to: '/organization' }];

/** A namespace: an organization, one's own, or another person's, of which only the repositories are shown. */
export function OrganizationPage() {
  const { org } = useParams({ strict: false });
  const { pathname } = useLocation();
  const me = useMe()!;
  const name = org!;
  if (name === me.username) return <OwnNamespace key={name} />;
  return pathname.startsWith('/user/') ? <Person key={name} name={name} /> : <AnOrganization key={name} name={name} />;
}

function AnOrganization({ name }: { name: string }) {
  const me = useMe()!;
  const query = useQuery(organizationQuery(name));
  const of = useMemo<Place>(() => ({ organization: name }), [name]);
  if (query.data === undefined) return <><PageHead title={name} crumbs={crumbs} /><PageSection><Loaded query={query}>{() => null}</Loaded></PageSection></>;
  const shown = query.data;
  const mine = me.organizations.find((each) => each.name === name);
  const tabs: PageTab[] = [
    { key: 'repositories', title: t('repositories'), content: () => <Repositories namespace={name} canCreate={mine?.can_create_repo === true || shown.is_admin} /> },
    ...(shown.is_member || shown.is_admin ? [{ key: 'teams', title: t('teams'), content: () => <TeamsTab shown={shown} /> }] : []),
    ...(shown.is_admin ? [
      { key: 'robots', title: t('robots'), content: () => <RobotsTab of={of} namespace={name} /> },
      { key: 'defaults', title: t('defaults'), content: () => <DefaultsTab orgname={name} /> },
      { key: 'applications', title: t('applications'), content: () => <ApplicationsTab orgname={name} /> },
      { key: 'logs', title: t('logs'), content: () => <LogsView of={{ organization: name }} /> },
      { key: 'usage', title: t('usage'), content: () => <UsageTab of={of} /> },
      { key: 'settings', title: t('settings'), content: () => <SettingsTab shown={shown} /> },
    ] : []),
  ];
  return (
    <>
      <PageHead
        title={name} crumbs={crumbs} picture={<Picture avatar={shown.avatar} size={32} />}
        badges={shown.is_admin ? <Label color="blue">{t('admin')}</Label> : shown.is_member && <Label>{t('member')}</Label>}
      />
      <PageTabs label={t('tabs')} tabs={tabs} />
    </>
  );
}

const own: Place = { user: true };

function OwnNamespace() {
  const me = useMe()!;
  return (
    <>
      <PageHead title={me.username} crumbs={crumbs} picture={<Picture avatar={me.avatar} size={32} />} badges={<Label>{t('own')}</Label>} />
      <PageTabs
        label={t('tabs')}
        tabs={[
          { key: 'repositories', title: t('repositories'), content: () => <Repositories namespace={me.username} canCreate={me.can_create_repo} /> },
          { key: 'robots', title: t('robots'), content: () => <RobotsTab of={own} namespace={me.username} /> },
          { key: 'logs', title: t('logs'), content: () => <LogsView of={{ user: true }} /> },
          { key: 'usage', title: t('usage'), content: () => <UsageTab of={own} /> },
          { key: 'settings', title: t('settings'), content: () => <OwnSettingsTab /> },
        ]}
      />
    </>
  );
}

function Person({ name }: { name: string }) {
  const query = useQuery({ queryKey: ['person', name], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/users/{username}', { params: { path: { username: name } }, signal })) });
  return (
    <>
      <PageHead title={name} crumbs={crumbs} picture={<Picture avatar={query.data?.avatar} size={32} />} badges={<Label>{t('person')}</Label>} />
      <PageSection><Loaded query={query}>{() => <RepositoryTable namespace={name} />}</Loaded></PageSection>
    </>
  );
}

function Repositories({ namespace, canCreate }: { namespace: string; canCreate: boolean }) {
  const [making, setMaking] = useState(false);
  return (
    <>
      <RepositoryTable namespace={namespace} actions={canCreate && <Button onClick={() => setMaking(true)}>{t('newRepository')}</Button>} />
      {making && <NewRepository within={namespace} onClose={() => setMaking(false)} />}
    </>
  );
}
