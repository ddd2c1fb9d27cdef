import { ActionList, ActionListItem, Button, Card, CardBody, CardHeader, CardTitle, Grid, GridItem, TextArea } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client';
import { registryHost } from '../../api/session';
import { Code } from '../../ui/Copy';
import { useSay } from '../../ui/toasts';
import { Heatmap } from '../../ui/charts/Heatmap';
import { lastDays } from '../../ui/charts/heatWeeks';
import { Loaded } from '../../ui/Loaded';
import { Markdown } from '../../ui/Markdown';
import { t } from './messages';
import type { Repository } from './queries';

export function InformationTab({ shown }: { shown: Repository }) {
  const image = `${registryHost()}/${shown.namespace}/${shown.name}`;
  return (
    <Grid hasGutter>
      <GridItem lg={8}><DescriptionCard shown={shown} /></GridItem>
      <GridItem lg={4}>
        <Card>
          <CardTitle component="h2">{t('pull')}</CardTitle>
          <CardBody>
            <p>{t('pullHow')}</p>
            <div className="wharf-commands">
              <Code text={`podman pull ${image}`} what="podman" />
              <Code text={`docker pull ${image}`} what="docker" />
            </div>
          </CardBody>
        </Card>
      </GridItem>
      <GridItem>
        <Card>
          <CardTitle component="h2">{t('activity')}</CardTitle>
          <CardBody><Activity repository={`${shown.namespace}/${shown.name}`} /></CardBody>
        </Card>
      </GridItem>
    </Grid>
  );
}

function Activity({ repository }: { repository: string }) {
  const query = useQuery({ queryKey: ['activity', repository], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/repository/{repository}/activity', { params: { path: { repository } }, signal })) });
  return <Loaded query={query}>{({ days }) => <Heatmap days={lastDays(days.map((each) => ({ day: each.date, count: each.pushes + each.pulls })), 91)} none={t('activityNone')} />}</Loaded>;
}

function DescriptionCard({ shown }: { shown: Repository }) {
  const say = useSay();
  const queries = useQueryClient();
  const [text, setText] = useState<string | null>(null);
  const repository = `${shown.namespace}/${shown.name}`;
  const save = async () => {
    try {
      await api((c) => c.PUT('/api/v1/repository/{repository}', { params: { path: { repository } }, body: { description: text! } }));
      await queries.invalidateQueries({ queryKey: ['repository', repository] });
      say.done(t('saved'));
      setText(null);
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  return (
    <Card>
      <CardHeader actions={shown.can_write && text === null ? { actions: <Button variant="link" onClick={() => setText(shown.description ?? '')}>{t('edit')}</Button>, hasNoOffset: true } : undefined}>
        <CardTitle component="h2">{t('description')}</CardTitle>
      </CardHeader>
      <CardBody>
        {text !== null ? (
          <>
            <TextArea aria-label={t('description')} rows={14} value={text} onChange={(_, value) => setText(value)} autoFocus />
            <ActionList>
              <ActionListItem><Button onClick={() => void save()}>{t('save')}</Button></ActionListItem>
              <ActionListItem><Button variant="link" onClick={() => setText(null)}>{t('cancel')}</Button></ActionListItem>
            </ActionList>
          </>
        ) : shown.description ? <Markdown html={shown.description_html ?? ''} /> : <p className="wharf-faint">{t('noDescription')}</p>}
      </CardBody>
    </Card>
  );
}
