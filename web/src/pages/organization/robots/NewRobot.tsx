import { Alert, Checkbox, FormGroup, FormHelperText, HelperText, HelperTextItem, Form, FormSelect, FormSelectOption, Modal, SearchInput, TextInput, Wizard, WizardHeader, WizardStep } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import type { Role } from '../../../ui/entities/RoleSelect';
import { Loaded } from '../../../ui/Loaded';
import { Pages } from '../../../ui/More';
import { usePages } from '../../../ui/pages';
import { explain } from '../../../ui/Problem';
import { useSay } from '../../../ui/toasts';
import { robotsOf, type Place } from '../place';
import { organizationQuery, teamsOf } from '../queries';
import { t } from './messages';

/** Makes a robot in steps: what it is called, its teams, its grants. */
export function NewRobot({ of, namespace, onMade, onClose }: { of: Place; namespace: string; onMade: (robot: Schema<'RobotView'>) => void; onClose: () => void }) {
  const say = useSay();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [expires, setExpires] = useState('');
  const [teams, setTeams] = useState<ReadonlySet<string>>(new Set());
  const [grants, setGrants] = useState<ReadonlyMap<string, Role>>(new Map());
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const whole = `${namespace}+${name}`;

  const create = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const robot = await robotsOf(of).create(name, { description, ...(expires ? { expiration: Math.floor(new Date(`${expires}T00:00:00`).getTime() / 1000) } : {}) });
      const given = await Promise.allSettled([
        ...[...teams].map((teamname) => api((c) => c.PUT('/api/v1/organization/{orgname}/team/{teamname}/members/{membername}', { params: { path: { orgname: namespace, teamname, membername: whole } } }))),
        ...[...grants].map(([repository, role]) => api((c) => c.PUT('/api/v1/repository/{repository}/permissions/user/{username}', { params: { path: { repository: `${namespace}/${repository}`, username: whole } }, body: { role } }))),
      ]);
      const failed = given.find((each) => each.status === 'rejected');
      if (failed) say.failed(t('notAll'), failed.reason);
      else say.done(t('created', { name: whole }));
      onMade(robot);
    } catch (fault) {
      setProblem(explain(fault));
      setBusy(false);
    }
  };

  const inOrganization = 'organization' in of;
  const words = { nextButtonText: t('next'), backButtonText: t('back'), cancelButtonText: t('cancel') };
  return (
    <Modal isOpen variant="large" aria-label={t('newTitle', { namespace })} onEscapePress={onClose}>
      <Wizard height={560} header={<WizardHeader title={t('newTitle', { namespace })} titleId="new-robot" onClose={onClose} closeButtonAriaLabel={t('close')} />} onClose={onClose} onSave={() => void create()}>
        <WizardStep id="robot-name" name={t('stepName')} footer={{ ...words, isNextDisabled: name === '' }}>
          <Form onSubmit={(e) => e.preventDefault()}>
            <FormGroup label={t('name')} fieldId="robot-named" isRequired>
              <TextInput id="robot-named" isRequired autoCapitalize="none" spellCheck={false} value={name} onChange={(_, value) => setName(value.trim())} autoFocus />
              <FormHelperText><HelperText><HelperTextItem>{t('nameHelp', { whole })}</HelperTextItem></HelperText></FormHelperText>
            </FormGroup>
            <FormGroup label={t('description')} fieldId="robot-description"><TextInput id="robot-description" value={description} onChange={(_, value) => setDescription(value)} /></FormGroup>
            <FormGroup label={t('expiry')} fieldId="robot-expires">
              <TextInput id="robot-expires" type="date" value={expires} min={new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)} onChange={(_, value) => setExpires(value)} />
              <FormHelperText><HelperText><HelperTextItem>{t('expiryHelp')}</HelperTextItem></HelperText></FormHelperText>
            </FormGroup>
          </Form>
        </WizardStep>
        <WizardStep id="robot-teams" name={t('stepTeams')} isHidden={!inOrganization} footer={words}>
          {inOrganization && <Teams orgname={namespace} chosen={teams} onChange={setTeams} />}
        </WizardStep>
        <WizardStep id="robot-repositories" name={t('stepRepositories')} isDisabled={name === ''} footer={words}>
          <Repositories namespace={namespace} grants={grants} onChange={setGrants} />
        </WizardStep>
        <WizardStep id="robot-review" name={t('stepReview')} isDisabled={name === ''} footer={{ ...words, nextButtonText: t('create'), isNextDisabled: busy || name === '' }}>
          {problem !== null && <Alert isInline variant="danger" title={problem} component="p" />}
          <dl className="wharf-pairs">
            <dt>{t('name')}</dt><dd>{whole}</dd>
            {description && <><dt>{t('description')}</dt><dd>{description}</dd></>}
            <dt>{t('expiry')}</dt><dd>{expires || t('never')}</dd>
            {inOrganization && <><dt>{t('teams')}</dt><dd>{[...teams].join(', ') || t('nothing')}</dd></>}
            <dt>{t('repositories')}</dt><dd>{[...grants].map(([repository, role]) => `${repository} (${role})`).join(', ') || t('nothing')}</dd>
          </dl>
        </WizardStep>
      </Wizard>
    </Modal>
  );
}

function Teams({ orgname, chosen, onChange }: { orgname: string; chosen: ReadonlySet<string>; onChange: (chosen: ReadonlySet<string>) => void }) {
  const query = useQuery(organizationQuery(orgname));
  const set = (name: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(name); else next.delete(name);
    onChange(next);
  };
  return (
    <>
      <p className="wharf-faint wharf-invite">{t('teamsHelp')}</p>
      <Loaded query={query}>
        {(shown) => teamsOf(shown).length === 0 ? <p>{t('noTeams')}</p>
          : <>{teamsOf(shown).map((each) => <Checkbox key={each.name} id={`team-${each.name}`} label={each.name} description={each.description || undefined} isChecked={chosen.has(each.name)} onChange={(_, on) => set(each.name, on)} />)}</>}
      </Loaded>
    </>
  );
}

function Repositories({ namespace, grants, onChange }: { namespace: string; grants: ReadonlyMap<string, Role>; onChange: (grants: ReadonlyMap<string, Role>) => void }) {
  const [filter, setFilter] = useState('');
  const query = usePages(['repositories', namespace, 'names'], (next_page, signal) => api((c) => c.GET('/api/v1/repository', { params: { query: { namespace, ...(next_page ? { next_page } : {}) } }, signal })));
  const set = (name: string, role: Role | '') => {
    const next = new Map(grants);
    if (role === '') next.delete(name); else next.set(name, role);
    onChange(next);
  };
  return (
    <>
      <p className="wharf-faint wharf-invite">{t('repositoriesHelp')}</p>
      <SearchInput aria-label={t('filter')} placeholder={t('filter')} value={filter} onChange={(_, value) => setFilter(value)} onClear={() => setFilter('')} />
      <Pages query={query} rows={(page) => page.repositories}>
        {(rows) => rows.length === 0 ? <p>{t('noRepositories')}</p> : (
          <Table variant="compact" aria-label={t('repositories')}>
            <Thead><Tr><Th>{t('repositories')}</Th><Th>{t('grants')}</Th></Tr></Thead>
            <Tbody>
              {rows.filter((each) => each.name.includes(filter.trim().toLowerCase())).map((each) => (
                <Tr key={each.name}>
                  <Td dataLabel={t('repositories')}>{each.name}</Td>
                  <Td dataLabel={t('grants')}>
                    <FormSelect aria-label={t('roleIn', { name: each.name })} value={grants.get(each.name) ?? ''} onChange={(_, value) => set(each.name, value as Role | '')}>
                      <FormSelectOption value="" label={t('noGrant')} />
                      {(['read', 'write', 'admin'] as const).map((role) => <FormSelectOption key={role} value={role} label={role} />)}
                    </FormSelect>
                  </Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Pages>
    </>
  );
}
