import { FormGroup, FormHelperText, HelperText, HelperTextItem, SearchInput, TextInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../api/client';
import { meQuery } from '../../api/session';
import { Ask } from '../../ui/Ask';
import { Pages } from '../../ui/More';
import { usePages } from '../../ui/pages';
import { Picture } from '../../ui/Picture';
import { useSearch } from '../../ui/search';
import { useSay } from '../../ui/toasts';
import { t } from './messages';
import { RowMenu } from './RowMenu';

type Asking = { what: 'rename' | 'take' | 'delete'; name: string };

export function OrganizationsTab({ canChange }: { canChange: boolean }) {
  const [search, change] = useSearch();
  const [asking, setAsking] = useState<Asking | null>(null);
  const filter = (search['filter'] ?? '').toLowerCase();
  const query = usePages(['superuser', 'organizations'], (next_page, signal) => api((c) => c.GET('/api/v1/superuser/organizations/', { params: { query: next_page ? { next_page } : {} }, signal })));
  return (
    <>
      <Toolbar><ToolbarContent><ToolbarItem><SearchInput aria-label={t('filter')} placeholder={t('filter')} value={search['filter'] ?? ''} onChange={(_, value) => change({ filter: value || undefined })} onClear={() => change({ filter: undefined })} /></ToolbarItem></ToolbarContent></Toolbar>
      <Pages query={query} rows={(page) => page.organizations}>
        {(rows) => rows.length === 0 ? <p className="wharf-faint">{t('noRows')}</p> : (
          <Table variant="compact" aria-label={t('organizations')}>
            <Thead><Tr><Th>{t('name')}</Th><Th>{t('email')}</Th>{canChange && <Th screenReaderText={t('actions')} />}</Tr></Thead>
            <Tbody>
              {rows.filter((each) => each.name.includes(filter)).map(({ name, email, avatar }) => (
                <Tr key={name}>
                  <Td dataLabel={t('name')}><span className="wharf-who"><Picture avatar={avatar} /> <Link to="/organization/$org" params={{ org: name }}>{name}</Link></span></Td>
                  <Td dataLabel={t('email')}>{email}</Td>
                  {canChange && (
                    <Td isActionCell>
                      <RowMenu label={t('actionsOf', { name })} items={[
                        { name: t('rename'), act: () => setAsking({ what: 'rename', name }) },
                        { name: t('take'), act: () => setAsking({ what: 'take', name }) },
                        { name: t('delete'), act: () => setAsking({ what: 'delete', name }), danger: true },
                      ]} />
                    </Td>
                  )}
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Pages>
      {asking && <Change key={`${asking.what} ${asking.name}`} asking={asking} onClose={() => setAsking(null)} />}
    </>
  );
}

function Change({ asking: { what, name }, onClose }: { asking: Asking; onClose: () => void }) {
  const say = useSay();
  const queries = useQueryClient();
  const [to, setTo] = useState(name);
  const refresh = () => Promise.all([['superuser', 'organizations'], meQuery.queryKey, ['repositories'], ['deletedorganizations']].map((queryKey) => queries.invalidateQueries({ queryKey })));
  const put = async (from: string, next: string) => {
    await api((c) => c.PUT('/api/v1/superuser/organizations/{name}', { params: { path: { name: from } }, body: { name: next } }));
    await refresh();
  };
  const rename = async () => {
    await put(name, to);
    say.done(t('renamed', { name, to }), () => put(to, name));
  };
  const take = async () => {
    await api((c) => c.POST('/api/v1/superuser/takeownership/{namespace}', { params: { path: { namespace: name } } }));
    await refresh();
    say.done(t('taken', { name }));
  };
  const remove = async () => {
    await api((c) => c.DELETE('/api/v1/superuser/organizations/{name}', { params: { path: { name } } }));
    await refresh();
    say.done(t('orgDeleted', { name }), async () => {
      await api((c) => c.POST('/api/v1/organization/{orgname}/restore', { params: { path: { orgname: name } }, body: { new_name: null } }));
      await refresh();
    });
  };
  switch (what) {
    case 'take': return <Ask title={t('takeTitle', { name })} action={t('take')} onAction={take} onClose={onClose}><p>{t('takeBody')}</p></Ask>;
    case 'delete': return <Ask danger typed={name} title={t('deleteTitle', { name })} action={t('delete')} onAction={remove} onClose={onClose}><p>{t('deleteOrgBody')}</p></Ask>;
    default: return (
      <Ask title={t('renameTitle', { name })} action={t('rename')} onAction={rename} onClose={onClose} ready={to !== '' && to !== name}>
        <FormGroup label={t('newName')} fieldId="new-name">
          <TextInput id="new-name" autoCapitalize="none" spellCheck={false} value={to} onChange={(_, value) => setTo(value.trim())} />
          <FormHelperText><HelperText><HelperTextItem>{t('renameHelp')}</HelperTextItem></HelperText></FormHelperText>
        </FormGroup>
      </Ask>
    );
  }
}
