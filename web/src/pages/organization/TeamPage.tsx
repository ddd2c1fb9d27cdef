import { Button, FormGroup, FormHelperText, HelperText, HelperTextItem, Label, PageSection, Radio, TextInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, type Schema } from '../../api/client';
import { useConfig } from '../../api/session';
import { Ask } from '../../ui/Ask';
import { useAttempt } from '../../ui/attempt';
import { EntityPicker, type Entity } from '../../ui/entities/EntityPicker';
import { Loaded } from '../../ui/Loaded';
import { Pages } from '../../ui/More';
import { PageHead } from '../../ui/PageHead';
import { usePages } from '../../ui/pages';
import { PageTabs } from '../../ui/PageTabs';
import { Picture } from '../../ui/Picture';
import { Teach } from '../../ui/Teach';
import { useSay } from '../../ui/toasts';
import { organizationQuery, type Organization } from './queries';
import { t } from './teams/messages';
import { TeamRole } from './teams/TeamRole';

type Member = Schema<'ShownTeamMember'>;

/** A team: who is in it, and what it was granted. */
export function TeamPage() {
  const { org, team } = useParams({ strict: false });
  const query = useQuery(organizationQuery(org!));
  const crumbs = [{ name: t('organizations'), to: '/organization' }, { name: org!, to: `/organization/${org}` }];
  const shown = query.data;
  const known = shown?.teams?.[team!];
  return (
    <>
      <PageHead title={team!} crumbs={crumbs} picture={known && <Picture avatar={known.avatar} size={32} />} badges={known && <Label>{known.role}</Label>}>{known?.description}</PageHead>
      {shown === undefined ? <PageSection><Loaded query={query}>{() => null}</Loaded></PageSection> : (
        <PageTabs
          label={t('tabs')}
          tabs={[
            { key: 'members', title: t('members'), content: () => <Members org={org!} team={team!} /> },
            { key: 'repositories', title: t('repositories'), content: () => <Repositories org={org!} team={team!} /> },
            ...(shown.is_admin && known ? [{ key: 'settings', title: t('description'), content: () => <Settings key={`${known.role} ${known.description}`} shown={shown} team={known} /> }] : []),
          ]}
        />
      )}
    </>
  );
}

function useMembers(orgname: string, teamname: string) {
  const queries = useQueryClient();
  const after = () => Promise.all([queries.invalidateQueries({ queryKey: ['team', orgname, teamname] }), queries.invalidateQueries({ queryKey: organizationQuery(orgname).queryKey })]);
  return {
    add: async (membername: string) => { const member = await api((c) => c.PUT('/api/v1/organization/{orgname}/team/{teamname}/members/{membername}', { params: { path: { orgname, teamname, membername } } })); await after(); return member; },
    drop: async (membername: string) => { await api((c) => c.DELETE('/api/v1/organization/{orgname}/team/{teamname}/members/{membername}', { params: { path: { orgname, teamname, membername } } })); await after(); },
    invite: async (email: string) => { const member = await api((c) => c.PUT('/api/v1/organization/{orgname}/team/{teamname}/invite/{email}', { params: { path: { orgname, teamname, email } } })); await after(); return member; },
    uninvite: async (email: string) => { await api((c) => c.DELETE('/api/v1/organization/{orgname}/team/{teamname}/invite/{email}', { params: { path: { orgname, teamname, email } } })); await after(); },
  };
}

function Members({ org, team }: { org: string; team: string }) {
  const say = useSay();
  const attempt = useAttempt();
  const members = useMembers(org, team);
  const [adding, setAdding] = useState(false);
  const query = usePages(['team', org, team], (next_page, signal) => api((c) => c.GET('/api/v1/organization/{orgname}/team/{teamname}/members', { params: { path: { orgname: org, teamname: team }, query: { includePending: true, ...(next_page ? { next_page } : {}) } }, signal })));
  const canEdit = query.data?.pages[0]?.can_edit === true;
  const drop = (each: Member) => attempt(async () => {
    const name = each.name ?? each.email!;
    const byMail = each.name === undefined || each.name === null;
    await (byMail ? members.uninvite(name) : members.drop(name));
    say.done(t('dropped', { name }), () => byMail ? members.invite(name) : members.add(name));
  });
  const add = <Button onClick={() => setAdding(true)}>{t('add')}</Button>;
  return (
    <>
      <Pages query={query} rows={(page) => page.members}>
        {(rows) => rows.length === 0 ? <Teach title={t('nobody')} actions={canEdit && add}>{t('nobodyBody')}</Teach> : (
          <>
            {canEdit && <Toolbar><ToolbarContent><ToolbarItem align={{ default: 'alignEnd' }}>{add}</ToolbarItem></ToolbarContent></Toolbar>}
            <Table variant="compact" aria-label={t('members')}>
              <Thead><Tr><Th>{t('who')}</Th>{canEdit && <Th screenReaderText={t('actions')} />}</Tr></Thead>
              <Tbody>
                {rows.map((each) => {
                  const name = each.name ?? each.email ?? '';
                  return (
                    <Tr key={name}>
                      <Td dataLabel={t('who')}><span className="wharf-who"><Picture avatar={each.avatar} /> {name} {each.is_robot && <Label isCompact>{t('robot')}</Label>} {each.invited && <Label isCompact color="orange">{t('invited')}</Label>}</span></Td>
                      {canEdit && <Td isActionCell><Button variant="link" isDanger isInline aria-label={t('dropOf', { name })} onClick={() => drop(each)}>{t('drop')}</Button></Td>}
                    </Tr>
                  );
                })}
              </Tbody>
            </Table>
          </>
        )}
      </Pages>
      {adding && <AddMember org={org} team={team} onClose={() => setAdding(false)} />}
    </>
  );
}

function AddMember({ org, team, onClose }: { org: string; team: string; onClose: () => void }) {
  const say = useSay();
  const config = useConfig();
  const members = useMembers(org, team);
  const [byMail, setByMail] = useState(false);
  const [who, setWho] = useState<Entity | null>(null);
  const [email, setEmail] = useState('');
  const add = async () => {
    const name = byMail ? email : who!.name;
    const member = byMail ? await members.invite(email) : await members.add(name);
    say.done(t(member.invited ? 'invitedNow' : 'added', { name }));
  };
  return (
    <Ask title={t('addTitle', { team })} action={t('addIt')} onAction={add} onClose={onClose} ready={byMail ? email.includes('@') : who !== null}>
      {config?.features['MAILING'] && (
        <FormGroup role="radiogroup" label={t('how')}>
          <Radio id="by-name" name="add-by" label={t('byName')} isChecked={!byMail} onChange={() => setByMail(false)} />
          <Radio id="by-email" name="add-by" label={t('byEmail')} isChecked={byMail} onChange={() => setByMail(true)} />
        </FormGroup>
      )}
      {byMail ? (
        <FormGroup label={t('email')} fieldId="invite-email">
          <TextInput id="invite-email" type="email" value={email} onChange={(_, value) => setEmail(value.trim())} />
          <FormHelperText><HelperText><HelperTextItem>{t('emailHelp')}</HelperTextItem></HelperText></FormHelperText>
        </FormGroup>
      ) : <FormGroup label={t('byName')}><EntityPicker label={t('byName')} namespace={org} teams={false} kinds={['user', 'robot']} onPick={setWho} /></FormGroup>}
    </Ask>
  );
}

function Repositories({ org, team }: { org: string; team: string }) {
  const query = usePages(['team', org, team, 'permissions'], (next_page, signal) => api((c) => c.GET('/api/v1/organization/{orgname}/team/{teamname}/permissions', { params: { path: { orgname: org, teamname: team }, query: next_page ? { next_page } : {} }, signal })));
  return (
    <Pages query={query} rows={(page) => page.permissions}>
      {(rows) => rows.length === 0 ? <Teach title={t('noRepositories')}>{t('noRepositoriesBody')}</Teach> : (
        <Table variant="compact" aria-label={t('repositories')}>
          <Thead><Tr><Th>{t('repository')}</Th><Th>{t('permission')}</Th></Tr></Thead>
          <Tbody>
            {rows.map((each) => (
              <Tr key={each.repository.name}>
                <Td dataLabel={t('repository')}><Link to="/repository/$" params={{ _splat: `${org}/${each.repository.name}` }} search={{ tab: 'permissions' }}>{each.repository.name}</Link></Td>
                <Td dataLabel={t('permission')}>{each.role}</Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
    </Pages>
  );
}

function Settings({ shown, team }: { shown: Organization; team: Schema<'ShownTeam'> }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const [description, setDescription] = useState(team.description);
  const [role, setRole] = useState(team.role);
  const put = async (body: { description: string; role: string }) => {
    await api((c) => c.PUT('/api/v1/organization/{orgname}/team/{teamname}', { params: { path: { orgname: shown.name, teamname: team.name } }, body: body as Schema<'TeamDescription'> }));
    await queries.invalidateQueries({ queryKey: organizationQuery(shown.name).queryKey });
  };
  const save = async () => {
    const former = { description: team.description, role: team.role };
    await put({ description, role });
    say.done(t('saved'), () => put(former));
  };
  return (
    <form className="wharf-narrow wharf-commands" onSubmit={(e) => { e.preventDefault(); attempt(save); }}>
      <FormGroup label={t('description')} fieldId="team-description"><TextInput id="team-description" value={description} onChange={(_, value) => setDescription(value)} /></FormGroup>
      <FormGroup label={t('role')} fieldId="team-role"><TeamRole id="team-role" label={t('role')} role={role} onChange={setRole} /></FormGroup>
      <div><Button type="submit">{t('save')}</Button></div>
    </form>
  );
}
