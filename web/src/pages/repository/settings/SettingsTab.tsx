import { Button, Card, CardBody, CardTitle, Grid, GridItem, Switch } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../../api/client';
import { useMe } from '../../../api/session';
import { Ask } from '../../../ui/Ask';
import { useSay } from '../../../ui/toasts';
import { HoldsCard } from '../../holds/HoldsCard';
import { ImmutabilityCard } from '../../policies/ImmutabilityCard';
import { PruningCard } from '../../policies/PruningCard';
import type { Repository } from '../queries';
import { t } from './messages';

export function SettingsTab({ shown }: { shown: Repository }) {
  const repository = `${shown.namespace}/${shown.name}`;
  const of = { repository };
  const administers = useMe()?.organizations.some((each) => each.name === shown.namespace && each.is_org_admin);
  return (
    <Grid hasGutter>
      <GridItem lg={6}><AccessCard shown={shown} /></GridItem>
      <GridItem lg={6}><ImmutabilityCard of={of} /></GridItem>
      <GridItem lg={6}><PruningCard of={of} /></GridItem>
      {administers && <GridItem><HoldsCard organization={shown.namespace!} repository={shown.name!} /></GridItem>}
      <GridItem lg={6}><DeleteCard repository={repository} /></GridItem>
    </Grid>
  );
}

function AccessCard({ shown }: { shown: Repository }) {
  const say = useSay();
  const queries = useQueryClient();
  const params = { path: { repository: `${shown.namespace}/${shown.name}` } };
  const change = async (work: () => Promise<unknown>, said: string, undo: () => Promise<unknown>) => {
    const refresh = () => queries.invalidateQueries({ queryKey: ['repository', params.path.repository] });
    try {
      await work();
      await refresh();
      say.done(said, async () => { await undo(); await refresh(); });
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  const setPublic = (on: boolean) => api((c) => c.POST('/api/v1/repository/{repository}/changevisibility', { params, body: { visibility: on ? 'public' : 'private' } }));
  const setReadOnly = (on: boolean) => api((c) => c.PUT('/api/v1/repository/{repository}/changestate', { params, body: { state: on ? 'READ_ONLY' : 'NORMAL' } }));
  return (
    <Card>
      <CardTitle component="h2">{t('access')}</CardTitle>
      <CardBody>
        <Switch id="is-public" label={t('visibility')} isChecked={shown.is_public === true} onChange={(_, on) => void change(() => setPublic(on), t(on ? 'nowPublic' : 'nowPrivate'), () => setPublic(!on))} />
        <p className="wharf-faint">{t('visibilityHelp')}</p>
        <Switch id="is-read-only" label={t('state')} isChecked={shown.state === 'READ_ONLY'} onChange={(_, on) => void change(() => setReadOnly(on), t(on ? 'nowReadOnly' : 'nowNormal'), () => setReadOnly(!on))} />
        <p className="wharf-faint">{t('stateHelp')}</p>
      </CardBody>
    </Card>
  );
}

function DeleteCard({ repository }: { repository: string }) {
  const say = useSay();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const params = { path: { repository } };
  const remove = async () => {
    await api((c) => c.DELETE('/api/v1/repository/{repository}', { params }));
    await navigate({ to: '/repository' });
    await queries.invalidateQueries({ queryKey: ['repositories'] });
    say.done(t('removed', { name: repository }), async () => {
      await api((c) => c.POST('/api/v1/repository/{repository}/restore', { params, body: { new_name: null } }));
      await queries.invalidateQueries({ queryKey: ['repositories'] });
      await navigate({ to: '/repository/$', params: { _splat: repository } });
    });
  };
  return (
    <Card>
      <CardTitle component="h2">{t('remove')}</CardTitle>
      <CardBody>
        <p>{t('removeBody')}</p>
        <Button variant="danger" onClick={() => setAsking(true)}>{t('remove')}</Button>
      </CardBody>
      {asking && <Ask danger typed={repository} title={t('removeTitle', { name: repository })} action={t('remove')} onAction={remove} onClose={() => setAsking(false)}><p>{t('removeBody')}</p></Ask>}
    </Card>
  );
}
