import { Button, Card, CardBody, CardHeader, CardTitle, FormGroup, Grid, GridItem, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { Ask } from '../../../ui/Ask';
import { EntityPicker, type Entity } from '../../../ui/entities/EntityPicker';
import { RoleSelect, type Role } from '../../../ui/entities/RoleSelect';
import { Loaded } from '../../../ui/Loaded';
import { Picture } from '../../../ui/Picture';
import { useSay } from '../../../ui/toasts';
import type { Repository } from '../queries';
import { Explain } from './Explain';
import { t } from './messages';

type Kind = 'user' | 'team';

/** Who may do what here, and the registry's own explanation of it. */
export function PermissionsTab({ shown }: { shown: Repository }) {
  const repository = `${shown.namespace}/${shown.name}`;
  const [adding, setAdding] = useState(false);
  const grants = useGrants(repository);
  return (
    <Grid hasGutter>
      <GridItem lg={7}>
        <Card>
          <CardHeader actions={{ actions: <Button onClick={() => setAdding(true)}>{t('add')}</Button> }}><CardTitle component="h2">{t('people')}</CardTitle></CardHeader>
          <CardBody><GrantTable repository={repository} kind="user" label={t('people')} /></CardBody>
        </Card>
        {shown.is_organization && (
          <Card className="wharf-arrival">
            <CardTitle component="h2">{t('teams')}</CardTitle>
            <CardBody><GrantTable repository={repository} kind="team" label={t('teams')} /></CardBody>
          </Card>
        )}
      </GridItem>
      <GridItem lg={5}><Explain repository={repository} /></GridItem>
      {adding && <AddGrant repository={repository} namespace={shown.namespace!} set={grants.set} onClose={() => setAdding(false)} />}
    </Grid>
  );
}

function useGrants(repository: string) {
  const queries = useQueryClient();
  const after = () => queries.invalidateQueries({ queryKey: ['permissions', repository] });
  return {
    set: async (kind: Kind, name: string, role: Role) => {
      if (kind === 'team') await api((c) => c.PUT('/api/v1/repository/{repository}/permissions/team/{teamname}', { params: { path: { repository, teamname: name } }, body: { role } }));
      else await api((c) => c.PUT('/api/v1/repository/{repository}/permissions/user/{username}', { params: { path: { repository, username: name } }, body: { role } }));
      await after();
    },
    drop: async (kind: Kind, name: string) => {
      if (kind === 'team') await api((c) => c.DELETE('/api/v1/repository/{repository}/permissions/team/{teamname}', { params: { path: { repository, teamname: name } } }));
      else await api((c) => c.DELETE('/api/v1/repository/{repository}/permissions/user/{username}', { params: { path: { repository, username: name } } }));
      await after();
    },
  };
}

function GrantTable({ repository, kind, label }: { repository: string; kind: Kind; label: string }) {
  const say = useSay();
  const grants = useGrants(repository);
  const query = useQuery({
    queryKey: ['permissions', repository, kind],
    queryFn: ({ signal }) => {
      const params = { path: { repository } };
      return kind === 'team' ? api((c) => c.GET('/api/v1/repository/{repository}/permissions/team', { params, signal })) : api((c) => c.GET('/api/v1/repository/{repository}/permissions/user', { params, signal }));
    },
  });
  const drop = async (grant: Schema<'ShownGrant'>) => {
    try {
      await grants.drop(kind, grant.name!);
      say.done(t('removed', { name: grant.name! }), () => grants.set(kind, grant.name!, grant.role as Role));
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  const set = async (name: string, role: Role) => {
    try {
      await grants.set(kind, name, role);
      say.done(t('given', { name, role }));
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  return (
    <Loaded query={query}>
      {({ permissions }) => {
        const rows = Object.values(permissions ?? {});
        if (rows.length === 0) return <p className="wharf-faint">{t('none')}</p>;
        return (
          <Table variant="compact" aria-label={label}>
            <Thead><Tr><Th>{t('name')}</Th><Th width={40}>{t('role')}</Th><Th screenReaderText={t('remove')} /></Tr></Thead>
            <Tbody>
              {rows.map((each) => (
                <Tr key={each.name}>
                  <Td dataLabel={t('name')}><span className="wharf-who"><Picture avatar={each.avatar} /> {each.name} {each.is_robot && <Label isCompact>{t('robot')}</Label>}</span></Td>
                  <Td dataLabel={t('role')}><RoleSelect label={`${t('role')}: ${each.name}`} role={each.role as Role} onChange={(role) => void set(each.name!, role)} /></Td>
                  <Td isActionCell><Button variant="link" isDanger isInline aria-label={t('removeOf', { name: each.name! })} onClick={() => void drop(each)}>{t('remove')}</Button></Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        );
      }}
    </Loaded>
  );
}

function AddGrant({ repository, namespace, set, onClose }: { repository: string; namespace: string; set: (kind: Kind, name: string, role: Role) => Promise<void>; onClose: () => void }) {
  const say = useSay();
  const [who, setWho] = useState<Entity | null>(null);
  const [role, setRole] = useState<Role>('read');
  const give = async () => {
    await set(who!.kind === 'team' ? 'team' : 'user', who!.name!, role);
    say.done(t('given', { name: who!.name!, role }));
  };
  return (
    <Ask title={t('addTitle', { repository })} action={t('give')} onAction={give} onClose={onClose} ready={who !== null}>
      <FormGroup label={t('who')}><EntityPicker label={t('who')} namespace={namespace} kinds={['user', 'robot', 'team']} onPick={setWho} /></FormGroup>
      <FormGroup label={t('role')} fieldId="grant-role"><RoleSelect id="grant-role" label={t('role')} role={role} onChange={setRole} /></FormGroup>
    </Ask>
  );
}
