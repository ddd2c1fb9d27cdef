import { Button, FormGroup, Label, SearchInput, TextInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, type Schema } from '../../api/client';
import { useConfig, useMe } from '../../api/session';
import { Ask } from '../../ui/Ask';
import { useAttempt } from '../../ui/attempt';
import { Code } from '../../ui/Copy';
import { Pages } from '../../ui/More';
import { Once } from '../../ui/Once';
import { usePages } from '../../ui/pages';
import { Picture } from '../../ui/Picture';
import { useSearch } from '../../ui/search';
import { Time } from '../../ui/Time';
import { useSay } from '../../ui/toasts';
import { t } from './messages';
import { RowMenu } from './RowMenu';
import { UserQuota } from './UserQuota';

type User = Schema<'UserView'>;
type Asking = { what: 'password' | 'email' | 'delete'; user: User };
type Rationing = { user: User; quota: Schema<'ShownQuota'> | null };

export function UsersTab({ canChange }: { canChange: boolean }) {
  const me = useMe()!;
  const say = useSay();
  const attempt = useAttempt();
  const config = useConfig();
  const queries = useQueryClient();
  const [search, change] = useSearch();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Schema<'CreatedUser'> | null>(null);
  const [asking, setAsking] = useState<Asking | null>(null);
  const [rationing, setRationing] = useState<Rationing | null>(null);
  const filter = (search['filter'] ?? '').toLowerCase();
  const query = usePages(['superuser', 'users'], (next_page, signal) => api((c) => c.GET('/api/v1/superuser/users/', { params: { query: { disabled: true, ...(next_page ? { next_page } : {}) } }, signal })));
  const refresh = () => queries.invalidateQueries({ queryKey: ['superuser', 'users'] });
  const put = async (username: string, body: Schema<'SuperuserChangedUser'>) => {
    await api((c) => c.PUT('/api/v1/superuser/users/{username}', { params: { path: { username } }, body }));
    await refresh();
  };
  const enable = (user: User, enabled: boolean) => attempt(async () => {
    await put(user.username, { enabled });
    say.done(t(enabled ? 'enabledNow' : 'disabledNow', { name: user.username }), () => put(user.username, { enabled: !enabled }));
  });
  const raise = (user: User, superuser: boolean) => attempt(async () => {
    await put(user.username, { superuser });
    say.done(t(superuser ? 'superNow' : 'superEnded', { name: user.username }), () => put(user.username, { superuser: !superuser }));
  });
  const recover = (user: User) => attempt(async () => {
    const { email } = await api((c) => c.POST('/api/v1/superusers/users/{username}/sendrecovery', { params: { path: { username: user.username } } }));
    say.done(t('recoverySent', { email }));
  });
  const ration = (user: User) => attempt(async () => {
    const quotas = await api((c) => c.GET('/api/v1/superuser/users/{namespace}/quota', { params: { path: { namespace: user.username } } }));
    setRationing({ user, quota: quotas[0] ?? null });
  });
  const items = (user: User) => [
    { name: t('setPassword'), act: () => setAsking({ what: 'password', user }) },
    { name: t('setEmail'), act: () => setAsking({ what: 'email', user }) },
    { name: t('quota'), act: () => ration(user) },
    ...(config?.features['MAILING'] && user.email ? [{ name: t('sendRecovery'), act: () => recover(user) }] : []),
    ...(user.username === me.username ? [] : [
      { name: t(user.super_user ? 'endSuperuser' : 'makeSuperuser'), act: () => raise(user, !user.super_user) },
      { name: t(user.enabled ? 'disable' : 'enable'), act: () => enable(user, !user.enabled) },
      { name: t('delete'), act: () => setAsking({ what: 'delete', user }), danger: true },
    ]),
  ];
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem><SearchInput aria-label={t('filter')} placeholder={t('filter')} value={search['filter'] ?? ''} onChange={(_, value) => change({ filter: value || undefined })} onClear={() => change({ filter: undefined })} /></ToolbarItem>
          {canChange && <ToolbarItem align={{ default: 'alignEnd' }}><Button onClick={() => setMaking(true)}>{t('newUser')}</Button></ToolbarItem>}
        </ToolbarContent>
      </Toolbar>
      <Pages query={query} rows={(page) => page.users}>
        {(rows) => (
          <Table variant="compact" aria-label={t('users')}>
            <Thead><Tr><Th>{t('name')}</Th><Th>{t('email')}</Th><Th>{t('state')}</Th><Th>{t('created')}</Th><Th>{t('lastSeen')}</Th>{canChange && <Th screenReaderText={t('actions')} />}</Tr></Thead>
            <Tbody>
              {rows.filter((each) => `${each.username} ${each.email ?? ''}`.toLowerCase().includes(filter)).map((each) => (
                <Tr key={each.username}>
                  <Td dataLabel={t('name')}><span className="wharf-who"><Picture avatar={each.avatar} /> <Link to="/user/$org" params={{ org: each.username }}>{each.username}</Link> {each.username === me.username && <Label isCompact>{t('you')}</Label>}</span></Td>
                  <Td dataLabel={t('email')}>{each.email}</Td>
                  <Td dataLabel={t('state')}><span className="wharf-labels"><State user={each} /></span></Td>
                  <Td dataLabel={t('created')}><Time at={each.created} /></Td>
                  <Td dataLabel={t('lastSeen')}><Time at={each.last_accessed} /></Td>
                  {canChange && <Td isActionCell><RowMenu label={t('actionsOf', { name: each.username })} items={items(each)} /></Td>}
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Pages>
      {making && <NewUser onMade={async (user) => { await refresh(); setMade(user); }} onClose={() => setMaking(false)} />}
      {made && <Once title={t('userMade', { name: made.username })} onClose={() => setMade(null)}><FormGroup role="group" label={t('password')}><Code text={made.password} what={t('password')} /></FormGroup></Once>}
      {rationing && <UserQuota username={rationing.user.username} quota={rationing.quota} onClose={() => setRationing(null)} />}
      {asking && <Change key={asking.what} asking={asking} put={put} refresh={refresh} onClose={() => setAsking(null)} />}
    </>
  );
}

function State({ user }: { user: User }) {
  return (
    <>
      {user.super_user && <Label isCompact color="blue">{t('superuser')}</Label>}
      {user.global_readonly_super_user && <Label isCompact color="blue">{t('reader')}</Label>}
      {!user.enabled ? <Label isCompact color="red">{t('disabled')}</Label> : !user.verified ? <Label isCompact color="orange">{t('unverified')}</Label> : <Label isCompact color="green">{t('active')}</Label>}
    </>
  );
}

function NewUser({ onMade, onClose }: { onMade: (user: Schema<'CreatedUser'>) => Promise<unknown>; onClose: () => void }) {
  const [username, setUsername] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const create = async () => onMade(await api((c) => c.POST('/api/v1/superuser/users/', { body: { username, email: email || null, password: password || null } })));
  return (
    <Ask title={t('newUser')} action={t('create')} onAction={create} onClose={onClose} ready={username !== ''}>
      <FormGroup label={t('username')} fieldId="user-name" isRequired><TextInput id="user-name" isRequired autoComplete="off" autoCapitalize="none" spellCheck={false} value={username} onChange={(_, value) => setUsername(value.trim())} /></FormGroup>
      <FormGroup label={t('email')} fieldId="user-email"><TextInput id="user-email" type="email" autoComplete="off" value={email} onChange={(_, value) => setEmail(value.trim())} /></FormGroup>
      <FormGroup label={t('passwordEmpty')} fieldId="user-password"><TextInput id="user-password" type="password" autoComplete="new-password" value={password} onChange={(_, value) => setPassword(value)} /></FormGroup>
    </Ask>
  );
}

function Change({ asking: { what, user }, put, refresh, onClose }: { asking: Asking; put: (username: string, body: Schema<'SuperuserChangedUser'>) => Promise<void>; refresh: () => Promise<unknown>; onClose: () => void }) {
  const say = useSay();
  const [text, setText] = useState(what === 'email' ? user.email ?? '' : '');
  const name = user.username;
  if (what === 'delete') {
    const remove = async () => {
      await api((c) => c.DELETE('/api/v1/superuser/users/{username}', { params: { path: { username: name } } }));
      await refresh();
      say.done(t('userDeleted', { name }));
    };
    return <Ask danger typed={name} title={t('deleteTitle', { name })} action={t('delete')} onAction={remove} onClose={onClose}><p>{t('deleteUserBody')}</p></Ask>;
  }
  const save = async () => {
    await put(name, what === 'email' ? { email: text } : { password: text });
    say.done(what === 'email' ? t('emailSet', { name, email: text }) : t('passwordSet', { name }));
  };
  const label = t(what === 'email' ? 'email' : 'password');
  return (
    <Ask title={`${t(what === 'email' ? 'setEmail' : 'setPassword')}: ${name}`} action={t('save')} onAction={save} onClose={onClose} ready={what === 'email' ? text.includes('@') : text.length >= 8}>
      <FormGroup label={label} fieldId="user-change"><TextInput id="user-change" type={what === 'email' ? 'email' : 'password'} autoComplete={what === 'email' ? 'off' : 'new-password'} value={text} onChange={(_, value) => setText(value)} /></FormGroup>
    </Ask>
  );
}
