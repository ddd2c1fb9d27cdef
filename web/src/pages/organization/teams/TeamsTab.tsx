import { Button, FormGroup, FormHelperText, HelperText, HelperTextItem, Label, LabelGroup, TextInput, ToggleGroup, ToggleGroupItem, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { Ask } from '../../../ui/Ask';
import { useAttempt } from '../../../ui/attempt';
import { Pages } from '../../../ui/More';
import { usePages } from '../../../ui/pages';
import { Picture } from '../../../ui/Picture';
import { useSearch } from '../../../ui/search';
import { Teach } from '../../../ui/Teach';
import { useSay } from '../../../ui/toasts';
import { organizationQuery, teamsOf, type Organization } from '../queries';
import { t } from './messages';
import { TeamRole, type TeamRoleName } from './TeamRole';

/** Teams, everybody who is in one, and those who have grants without being in one. */
export function TeamsTab({ shown }: { shown: Organization }) {
  const [search, change] = useSearch();
  const [making, setMaking] = useState(false);
  const view = search['view'] === 'members' || search['view'] === 'collaborators' ? search['view'] : 'teams';
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <ToggleGroup aria-label={t('view')}>
              {(['teams', ...(shown.is_admin ? ['members', 'collaborators'] as const : [])] as const).map((each) => <ToggleGroupItem key={each} text={t(each)} isSelected={view === each} onChange={() => change({ view: each === 'teams' ? undefined : each })} />)}
            </ToggleGroup>
          </ToolbarItem>
          {shown.is_admin && <ToolbarItem align={{ default: 'alignEnd' }}><Button onClick={() => setMaking(true)}>{t('new')}</Button></ToolbarItem>}
        </ToolbarContent>
      </Toolbar>
      {view === 'teams' ? <Teams shown={shown} /> : view === 'members' ? <Members orgname={shown.name} /> : <Collaborators orgname={shown.name} />}
      {making && <NewTeam orgname={shown.name} onClose={() => setMaking(false)} />}
    </>
  );
}

const put = (orgname: string, teamname: string, body: Schema<'TeamDescription'>) =>
  api((c) => c.PUT('/api/v1/organization/{orgname}/team/{teamname}', { params: { path: { orgname, teamname } }, body }));

function Teams({ shown }: { shown: Organization }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const [removing, setRemoving] = useState<string | null>(null);
  const refresh = () => queries.invalidateQueries({ queryKey: organizationQuery(shown.name).queryKey });
  const setRole = (team: Schema<'ShownTeam'>, role: TeamRoleName) => attempt(async () => {
    await put(shown.name, team.name, { role });
    await refresh();
    say.done(t('changed', { team: team.name, role }), async () => { await put(shown.name, team.name, { role: team.role as TeamRoleName }); await refresh(); });
  });
  const remove = async () => {
    await api((c) => c.DELETE('/api/v1/organization/{orgname}/team/{teamname}', { params: { path: { orgname: shown.name, teamname: removing! } } }));
    await refresh();
    say.done(t('removed', { team: removing! }));
  };
  const teams = teamsOf(shown);
  if (teams.length === 0) return <Teach title={t('noTeams')}>{t('noTeamsBody')}</Teach>;
  return (
    <>
      <Table variant="compact" aria-label={t('teams')}>
        <Thead><Tr><Th>{t('team')}</Th><Th>{t('people')}</Th><Th>{t('repositories')}</Th><Th>{t('role')}</Th>{shown.is_admin && <Th screenReaderText={t('actions')} />}</Tr></Thead>
        <Tbody>
          {teams.map((each) => (
            <Tr key={each.name}>
              <Td dataLabel={t('team')}>
                <span className="wharf-who"><Picture avatar={each.avatar} /> {each.can_view ? <Link to="/organization/$org/teams/$team" params={{ org: shown.name, team: each.name }}>{each.name}</Link> : each.name} {each.is_synced && <Label isCompact>{t('synced')}</Label>}</span>
                {each.description && <div className="wharf-faint">{each.description}</div>}
              </Td>
              <Td dataLabel={t('people')}>{each.member_count}</Td>
              <Td dataLabel={t('repositories')}>{each.repo_count}</Td>
              <Td dataLabel={t('role')}><TeamRole label={t('roleOf', { team: each.name })} role={each.role} isDisabled={!shown.is_admin} onChange={(role) => setRole(each, role)} /></Td>
              {shown.is_admin && <Td isActionCell><Button variant="link" isDanger isInline aria-label={t('removeOf', { team: each.name })} onClick={() => setRemoving(each.name)}>{t('remove')}</Button></Td>}
            </Tr>
          ))}
        </Tbody>
      </Table>
      {removing && <Ask danger title={t('removeTitle', { team: removing })} action={t('remove')} onAction={remove} onClose={() => setRemoving(null)}><p>{t('removeBody')}</p></Ask>}
    </>
  );
}

function NewTeam({ orgname, onClose }: { orgname: string; onClose: () => void }) {
  const say = useSay();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [role, setRole] = useState<TeamRoleName>('member');
  const create = async () => {
    await put(orgname, name, { role, description });
    await queries.invalidateQueries({ queryKey: organizationQuery(orgname).queryKey });
    say.done(t('created', { team: name }));
  };
  return (
    <Ask title={t('newTitle', { org: orgname })} action={t('create')} onAction={create} onClose={onClose} ready={name !== ''}>
      <FormGroup label={t('name')} fieldId="team-name" isRequired>
        <TextInput id="team-name" isRequired autoCapitalize="none" spellCheck={false} value={name} onChange={(_, value) => setName(value.trim())} />
        <FormHelperText><HelperText><HelperTextItem>{t('nameHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
      <FormGroup label={t('description')} fieldId="team-description"><TextInput id="team-description" value={description} onChange={(_, value) => setDescription(value)} /></FormGroup>
      <FormGroup label={t('role')} fieldId="team-role"><TeamRole id="team-role" label={t('role')} role={role} onChange={setRole} /></FormGroup>
    </Ask>
  );
}

function Members({ orgname }: { orgname: string }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const query = usePages(['members', orgname], (next_page, signal) => api((c) => c.GET('/api/v1/organization/{orgname}/members', { params: { path: { orgname }, query: next_page ? { next_page } : {} }, signal })));
  const refresh = () => Promise.all([queries.invalidateQueries({ queryKey: ['members', orgname] }), queries.invalidateQueries({ queryKey: organizationQuery(orgname).queryKey })]);
  const remove = (member: Schema<'ShownMember'>) => attempt(async () => {
    await api((c) => c.DELETE('/api/v1/organization/{orgname}/members/{membername}', { params: { path: { orgname, membername: member.name } } }));
    await refresh();
    say.done(t('left', { name: member.name }), async () => {
      await Promise.all(member.teams.map((team) => api((c) => c.PUT('/api/v1/organization/{orgname}/team/{teamname}/members/{membername}', { params: { path: { orgname, teamname: team.name, membername: member.name } } }))));
      await refresh();
    });
  });
  return (
    <Pages query={query} rows={(page) => page.members}>
      {(rows) => rows.length === 0 ? <p className="wharf-faint">{t('noMembers')}</p> : (
        <Table variant="compact" aria-label={t('members')}>
          <Thead><Tr><Th>{t('who')}</Th><Th>{t('inTeams')}</Th><Th>{t('direct')}</Th><Th screenReaderText={t('actions')} /></Tr></Thead>
          <Tbody>
            {rows.map((each) => (
              <Tr key={each.name}>
                <Td dataLabel={t('who')}><span className="wharf-who"><Picture avatar={each.avatar} /> {each.name}</span></Td>
                <Td dataLabel={t('inTeams')}><LabelGroup numLabels={6} aria-label={t('inTeams')}>{each.teams.map((team) => <Label key={team.name} isCompact>{team.name}</Label>)}</LabelGroup></Td>
                <Td dataLabel={t('direct')}>{each.repositories.join(', ')}</Td>
                <Td isActionCell><Button variant="link" isDanger isInline aria-label={t('leaveOf', { name: each.name })} onClick={() => remove(each)}>{t('leave')}</Button></Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
    </Pages>
  );
}

function Collaborators({ orgname }: { orgname: string }) {
  const query = usePages(['collaborators', orgname], (next_page, signal) => api((c) => c.GET('/api/v1/organization/{orgname}/collaborators', { params: { path: { orgname }, query: next_page ? { next_page } : {} }, signal })));
  return (
    <>
      <p className="wharf-faint">{t('collaboratorsHelp')}</p>
      <Pages query={query} rows={(page) => page.collaborators}>
        {(rows) => rows.length === 0 ? <p className="wharf-faint">{t('noCollaborators')}</p> : (
          <Table variant="compact" aria-label={t('collaborators')}>
            <Thead><Tr><Th>{t('who')}</Th><Th>{t('direct')}</Th></Tr></Thead>
            <Tbody>
              {rows.map((each) => (
                <Tr key={each.name}>
                  <Td dataLabel={t('who')}><span className="wharf-who"><Picture avatar={each.avatar} /> {each.name}</span></Td>
                  <Td dataLabel={t('direct')}>{each.repositories.map((name, at) => <span key={name}>{at > 0 && ', '}<Link to="/repository/$" params={{ _splat: `${orgname}/${name}` }}>{name}</Link></span>)}</Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Pages>
    </>
  );
}
