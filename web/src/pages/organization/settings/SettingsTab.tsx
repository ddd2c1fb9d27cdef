import { ActionGroup, Button, Card, CardBody, CardTitle, Form, FormGroup, FormHelperText, Grid, GridItem, HelperText, HelperTextItem, Switch, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { api } from '../../../api/client';
import { meQuery } from '../../../api/session';
import { Ask } from '../../../ui/Ask';
import { useAttempt } from '../../../ui/attempt';
import { useSay } from '../../../ui/toasts';
import { HoldsCard } from '../../holds/HoldsCard';
import { ImmutabilityCard } from '../../policies/ImmutabilityCard';
import { PruningCard } from '../../policies/PruningCard';
import { organizationQuery, type Organization } from '../queries';
import { DeletedRepositories } from './DeletedRepositories';
import { t } from './messages';
import { PullExclusions } from './PullExclusions';
import { TimeMachineSelect } from './TimeMachineSelect';

export function SettingsTab({ shown }: { shown: Organization }) {
  const of = useMemo(() => ({ organization: shown.name }), [shown.name]);
  return (
    <Grid hasGutter>
      <GridItem lg={6}><General shown={shown} /></GridItem>
      <GridItem lg={6}><DeletedRepositories of={of} /></GridItem>
      <GridItem lg={6}><PruningCard of={of} /></GridItem>
      <GridItem lg={6}><ImmutabilityCard of={of} /></GridItem>
      <GridItem lg={6}><PullExclusions orgname={shown.name} /></GridItem>
      <GridItem><HoldsCard organization={shown.name} /></GridItem>
      <GridItem lg={6}><Delete orgname={shown.name} /></GridItem>
    </Grid>
  );
}

function General({ shown }: { shown: Organization }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const [email, setEmail] = useState(shown.email);
  const [expiration, setExpiration] = useState(shown.tag_expiration_s ?? 0);
  const [hashed, setHashed] = useState(shown.robot_secrets === 'hashed');
  const put = (body: { email: string; tag_expiration_s: number; robot_secrets: string }) => api((c) => c.PUT('/api/v1/organization/{orgname}', { params: { path: { orgname: shown.name } }, body }));
  const save = async () => {
    const former = { email: shown.email, tag_expiration_s: shown.tag_expiration_s ?? 0, robot_secrets: shown.robot_secrets ?? 'sealed' };
    const refresh = () => queries.invalidateQueries({ queryKey: organizationQuery(shown.name).queryKey });
    await put({ email, tag_expiration_s: expiration, robot_secrets: hashed ? 'hashed' : 'sealed' });
    await refresh();
    say.done(t('saved'), async () => {
      await put(former);
      setEmail(former.email);
      setExpiration(former.tag_expiration_s);
      setHashed(former.robot_secrets === 'hashed');
      await refresh();
    });
  };
  return (
    <Card>
      <CardTitle component="h2">{t('general')}</CardTitle>
      <CardBody>
        <Form onSubmit={(e) => { e.preventDefault(); attempt(save); }}>
          <FormGroup label={t('email')} fieldId="organization-email">
            <TextInput id="organization-email" type="email" value={email} onChange={(_, value) => setEmail(value.trim())} />
            <FormHelperText><HelperText><HelperTextItem>{t('emailHelp')}</HelperTextItem></HelperText></FormHelperText>
          </FormGroup>
          <TimeMachineSelect value={expiration} onChange={setExpiration} />
          <FormGroup fieldId="robot-secrets">
            <Switch id="robot-secrets" label={t('secrets')} isChecked={hashed} onChange={(_, on) => setHashed(on)} />
            <FormHelperText><HelperText><HelperTextItem>{t('secretsHelp')}</HelperTextItem></HelperText></FormHelperText>
          </FormGroup>
          <ActionGroup><Button type="submit">{t('save')}</Button></ActionGroup>
        </Form>
      </CardBody>
    </Card>
  );
}

function Delete({ orgname }: { orgname: string }) {
  const say = useSay();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const params = { path: { orgname } };
  const refresh = () => Promise.all([meQuery.queryKey, ['deletedorganizations'], ['repositories']].map((queryKey) => queries.invalidateQueries({ queryKey })));
  const remove = async () => {
    await api((c) => c.DELETE('/api/v1/organization/{orgname}', { params }));
    await navigate({ to: '/organization' });
    await refresh();
    say.done(t('removed', { name: orgname }), async () => {
      await api((c) => c.POST('/api/v1/organization/{orgname}/restore', { params, body: { new_name: null } }));
      await refresh();
      await navigate({ to: '/organization/$org', params: { org: orgname } });
    });
  };
  return (
    <Card>
      <CardTitle component="h2">{t('remove')}</CardTitle>
      <CardBody className="wharf-stack"><p>{t('removeBody')}</p><Button variant="danger" onClick={() => setAsking(true)}>{t('remove')}</Button></CardBody>
      {asking && <Ask danger typed={orgname} title={t('removeTitle', { name: orgname })} action={t('remove')} onAction={remove} onClose={() => setAsking(false)}><p>{t('removeBody')}</p></Ask>}
    </Card>
  );
}
