import { Button, FormGroup, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { Ask } from '../../../ui/Ask';
import { useAttempt } from '../../../ui/attempt';
import { EntityPicker, type Entity } from '../../../ui/entities/EntityPicker';
import { RoleSelect, type Role } from '../../../ui/entities/RoleSelect';
import { Loaded } from '../../../ui/Loaded';
import { Picture } from '../../../ui/Picture';
import { Teach } from '../../../ui/Teach';
import { useSay } from '../../../ui/toasts';
import { t } from './messages';

type Prototype = Schema<'ShownPrototype'>;

const create = (orgname: string, body: Schema<'NewPrototype'>) => api((c) => c.POST('/api/v1/organization/{orgname}/prototypes', { params: { path: { orgname } }, body }));

/** What is granted on repositories that are made from now on. */
export function DefaultsTab({ orgname }: { orgname: string }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const query = useQuery({ queryKey: ['prototypes', orgname], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/organization/{orgname}/prototypes', { params: { path: { orgname } }, signal })) });
  const refresh = () => queries.invalidateQueries({ queryKey: ['prototypes', orgname] });
  const path = (each: Prototype) => ({ path: { orgname, prototypeid: each.id } });
  const setRole = (each: Prototype, role: Role) => attempt(async () => {
    await api((c) => c.PUT('/api/v1/organization/{orgname}/prototypes/{prototypeid}', { params: path(each), body: { role } }));
    await refresh();
    say.done(t('changed', { name: each.delegate.name, role }));
  });
  const remove = (each: Prototype) => attempt(async () => {
    await api((c) => c.DELETE('/api/v1/organization/{orgname}/prototypes/{prototypeid}', { params: path(each) }));
    await refresh();
    say.done(t('removed', { name: each.delegate.name }), async () => {
      await create(orgname, { role: each.role as Role, delegate: { name: each.delegate.name, kind: each.delegate.kind }, activating_user: each.activating_user && { name: each.activating_user.name } });
      await refresh();
    });
  });
  const make = <Button onClick={() => setMaking(true)}>{t('new')}</Button>;
  return (
    <>
      <Loaded query={query}>
        {({ prototypes }) => prototypes.length === 0 ? <Teach title={t('none')} actions={make}>{t('noneBody')}</Teach> : (
          <>
            <Toolbar><ToolbarContent><ToolbarItem className="wharf-faint">{t('help')}</ToolbarItem><ToolbarItem align={{ default: 'alignEnd' }}>{make}</ToolbarItem></ToolbarContent></Toolbar>
            <Table variant="compact" aria-label={t('title')}>
              <Thead><Tr><Th>{t('maker')}</Th><Th>{t('grantee')}</Th><Th>{t('role')}</Th><Th screenReaderText={t('remove')} /></Tr></Thead>
              <Tbody>
                {prototypes.map((each) => (
                  <Tr key={each.id}>
                    <Td dataLabel={t('maker')}>{each.activating_user ? <span className="wharf-who"><Picture avatar={each.activating_user.avatar} /> {each.activating_user.name}</span> : t('anyone')}</Td>
                    <Td dataLabel={t('grantee')}><span className="wharf-who"><Picture avatar={each.delegate.avatar} /> {each.delegate.name}</span></Td>
                    <Td dataLabel={t('role')}><RoleSelect label={t('roleOf', { name: each.delegate.name })} role={each.role as Role} onChange={(role) => setRole(each, role)} /></Td>
                    <Td isActionCell><Button variant="link" isDanger isInline aria-label={t('removeOf', { name: each.delegate.name })} onClick={() => remove(each)}>{t('remove')}</Button></Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          </>
        )}
      </Loaded>
      {making && <NewDefault orgname={orgname} onMade={refresh} onClose={() => setMaking(false)} />}
    </>
  );
}

function NewDefault({ orgname, onMade, onClose }: { orgname: string; onMade: () => Promise<unknown>; onClose: () => void }) {
  const say = useSay();
  const [maker, setMaker] = useState<Entity | null>(null);
  const [grantee, setGrantee] = useState<Entity | null>(null);
  const [role, setRole] = useState<Role>('read');
  const make = async () => {
    await create(orgname, { role, delegate: { name: grantee!.name, kind: grantee!.kind === 'team' ? 'team' : 'user' }, activating_user: maker && { name: maker.name } });
    await onMade();
    say.done(t('created', { name: grantee!.name, role }));
  };
  return (
    <Ask title={t('new')} action={t('create')} onAction={make} onClose={onClose} ready={grantee !== null}>
      <FormGroup label={t('whenMaker')}><EntityPicker label={t('whenMaker')} namespace={orgname} teams={false} kinds={['user', 'robot']} onPick={setMaker} /></FormGroup>
      <FormGroup label={t('grantee')} isRequired><EntityPicker label={t('grantee')} namespace={orgname} kinds={['user', 'robot', 'team']} onPick={setGrantee} /></FormGroup>
      <FormGroup label={t('role')} fieldId="default-role"><RoleSelect id="default-role" label={t('role')} role={role} onChange={setRole} /></FormGroup>
    </Ask>
  );
}
