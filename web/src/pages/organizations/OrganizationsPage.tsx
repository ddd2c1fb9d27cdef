import { Button, Card, CardBody, CardTitle, Label, PageSection, SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, type Schema } from '../../api/client';
import { meQuery, useMe } from '../../api/session';
import { useAttempt } from '../../ui/attempt';
import { PageHead } from '../../ui/PageHead';
import { usePages } from '../../ui/pages';
import { Picture } from '../../ui/Picture';
import { useSearch } from '../../ui/search';
import { Teach } from '../../ui/Teach';
import { Time } from '../../ui/Time';
import { useSay } from '../../ui/toasts';
import { t } from './messages';
import { NewOrganization } from './NewOrganization';

/** My own namespace and the organizations where I belong. */
export function OrganizationsPage() {
  const me = useMe()!;
  const [search, change] = useSearch();
  const [making, setMaking] = useState(false);
  const filter = (search['filter'] ?? '').toLowerCase();
  const rows = me.organizations.filter((each) => each.name.includes(filter));
  return (
    <>
      <PageHead title={t('title')} actions={<>{(me.super_user || me.global_readonly_super_user) && <Link to="/superuser" search={{ tab: 'organizations' }}>{t('superuser')}</Link>}<Button onClick={() => setMaking(true)}>{t('create')}</Button></>}>{t('lead')}</PageHead>
      <PageSection>
        <Toolbar clearAllFilters={() => change({ filter: undefined })}>
          <ToolbarContent><ToolbarItem><SearchInput aria-label={t('filter')} placeholder={t('filter')} value={search['filter'] ?? ''} onChange={(_, value) => change({ filter: value || undefined })} onClear={() => change({ filter: undefined })} /></ToolbarItem></ToolbarContent>
        </Toolbar>
        <Table variant="compact" aria-label={t('title')}>
          <Thead><Tr><Th>{t('name')}</Th><Th>{t('role')}</Th></Tr></Thead>
          <Tbody>
            {me.username.includes(filter) && (
              <Tr>
                <Td dataLabel={t('name')}><span className="wharf-who"><Picture avatar={me.avatar} /> <Link to="/user/$org" params={{ org: me.username }}>{me.username}</Link></span></Td>
                <Td dataLabel={t('role')}><Label isCompact color="blue">{t('own')}</Label></Td>
              </Tr>
            )}
            {rows.map((each) => (
              <Tr key={each.name}>
                <Td dataLabel={t('name')}><span className="wharf-who"><Picture avatar={each.avatar} /> <Link to="/organization/$org" params={{ org: each.name }}>{each.name}</Link></span></Td>
                <Td dataLabel={t('role')}><Label isCompact color={each.is_org_admin ? 'blue' : 'grey'}>{t(each.is_org_admin ? 'admin' : each.can_create_repo ? 'creator' : 'member')}</Label></Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
        {me.organizations.length === 0 ? <Teach title={t('none')} actions={<Button variant="secondary" onClick={() => setMaking(true)}>{t('create')}</Button>}>{t('noneBody')}</Teach>
          : rows.length === 0 && filter !== '' && !me.username.includes(filter) && <p className="wharf-faint">{t('nothing', { text: search['filter']! })}</p>}
        <DeletedOrganizations />
      </PageSection>
      {making && <NewOrganization onClose={() => setMaking(false)} />}
    </>
  );
}

function DeletedOrganizations() {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const { data } = usePages(['deletedorganizations'], (next_page, signal) => api((c) => c.GET('/api/v1/user/deletedorganizations', { params: { query: next_page ? { next_page } : {} }, signal })));
  const rows = data?.pages.flatMap((page) => page.organizations) ?? [];
  const restore = (each: Schema<'ShownDeletedOrganization'>) => attempt(async () => {
    await api((c) => c.POST('/api/v1/organization/{orgname}/restore', { params: { path: { orgname: each.name } }, body: { new_name: null } }));
    await Promise.all([meQuery.queryKey, ['deletedorganizations'], ['repositories']].map((queryKey) => queries.invalidateQueries({ queryKey })));
    say.done(t('restored', { name: each.name }));
  });
  if (rows.length === 0) return null;
  return (
    <Card className="wharf-arrival">
      <CardTitle component="h2">{t('deleted')}</CardTitle>
      <CardBody>
        <Table variant="compact" aria-label={t('deleted')}>
          <Thead><Tr><Th>{t('name')}</Th><Th>{t('when')}</Th><Th>{t('until')}</Th><Th screenReaderText={t('actions')} /></Tr></Thead>
          <Tbody>
            {rows.map((each) => (
              <Tr key={`${each.name} ${each.deleted}`}>
                <Td dataLabel={t('name')}>{each.name}</Td>
                <Td dataLabel={t('when')}><Time at={each.deleted} /></Td>
                <Td dataLabel={t('until')}><Time at={each.restorable_until} /></Td>
                <Td isActionCell><Button variant="link" isInline aria-label={t('restoreOf', { name: each.name })} onClick={() => restore(each)}>{t('restore')}</Button></Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      </CardBody>
    </Card>
  );
}
