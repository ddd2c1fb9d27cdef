import { ActionGroup, Button, Card, CardBody, CardTitle, Form, Grid, GridItem } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../../api/client';
import { meQuery, useMe } from '../../../api/session';
import { useAttempt } from '../../../ui/attempt';
import { useSay } from '../../../ui/toasts';
import { PruningCard } from '../../policies/PruningCard';
import { DeletedRepositories } from './DeletedRepositories';
import { t } from './messages';
import { TimeMachineSelect } from './TimeMachineSelect';

const own = { user: true } as const;

/** The settings of one's own namespace. Those of the person are the account's. */
export function OwnSettingsTab() {
  const me = useMe()!;
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const [expiration, setExpiration] = useState(me.tag_expiration_s);
  const put = async (tag_expiration_s: number) => {
    await api((c) => c.PUT('/api/v1/user/', { body: { tag_expiration_s } }));
    await queries.invalidateQueries({ queryKey: meQuery.queryKey });
  };
  const save = async () => {
    const former = me.tag_expiration_s;
    await put(expiration);
    say.done(t('saved'), async () => { await put(former); setExpiration(former); });
  };
  return (
    <Grid hasGutter>
      <GridItem lg={6}>
        <Card>
          <CardTitle component="h2">{t('general')}</CardTitle>
          <CardBody>
            <Form onSubmit={(e) => { e.preventDefault(); attempt(save); }}>
              <TimeMachineSelect value={expiration} onChange={setExpiration} />
              <ActionGroup><Button type="submit">{t('save')}</Button></ActionGroup>
            </Form>
          </CardBody>
        </Card>
      </GridItem>
      <GridItem lg={6}><DeletedRepositories of={own} /></GridItem>
      <GridItem lg={6}><PruningCard of={own} /></GridItem>
    </Grid>
  );
}
