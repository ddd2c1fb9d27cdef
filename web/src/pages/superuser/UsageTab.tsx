import { Alert, Button, Card, CardBody, CardHeader, CardTitle, Grid, GridItem, Label, TextInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../api/client';
import { bytes, count } from '../../messages/format';
import { useAttempt } from '../../ui/attempt';
import { Loaded } from '../../ui/Loaded';
import { useSearch } from '../../ui/search';
import { Time } from '../../ui/Time';
import { useSay } from '../../ui/toasts';
import { t } from './messages';

/** How much there is, what goes, and why something is still there. */
export function UsageTab({ canChange }: { canChange: boolean }) {
  return (
    <Grid hasGutter>
      <GridItem lg={5}><Size canChange={canChange} /></GridItem>
      <GridItem lg={7}><Why /></GridItem>
      <GridItem><Garbage /></GridItem>
    </Grid>
  );
}

function Size({ canChange }: { canChange: boolean }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ['superuser', 'size'], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/superuser/registrysize/', { signal })),
    refetchInterval: ({ state }) => state.data?.queued || state.data?.running ? 2000 : false,
  });
  const again = () => attempt(async () => {
    await api((c) => c.POST('/api/v1/superuser/registrysize/'));
    await queries.invalidateQueries({ queryKey: ['superuser', 'size'] });
    say.done(t('countQueued'));
  });
  return (
    <Card isFullHeight>
      <CardHeader actions={canChange ? { actions: <Button variant="secondary" onClick={again}>{t('count')}</Button> } : undefined}><CardTitle component="h2">{t('size')}</CardTitle></CardHeader>
      <CardBody>
        <Loaded query={query}>
          {(size) => (
            <>
              {size.last_ran === null ? <p>{t('never')}</p> : <><p className="wharf-number">{bytes(size.size_bytes)}</p><div>{t('counted')} <Time at={size.last_ran} /></div></>}
              {(size.queued || size.running) && <Label isCompact color="blue">{t('counting')}</Label>}
            </>
          )}
        </Loaded>
        <p className="wharf-faint">{t('sizeHelp')}</p>
      </CardBody>
    </Card>
  );
}

function Garbage() {
  const query = useQuery({ queryKey: ['superuser', 'gc'], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/superuser/gc', { signal })), refetchInterval: 30_000 });
  return (
    <Card>
      <CardTitle component="h2">{t('garbage')}</CardTitle>
      <CardBody>
        <Loaded query={query}>
          {({ queues, reclaimable, freed, held_by_backup }) => (
            <Grid hasGutter>
              {held_by_backup && <GridItem><Alert isInline variant="info" component="p" title={t('heldByBackup')} /></GridItem>}
              <GridItem lg={6}>
                <Table variant="compact" aria-label={t('queue')}>
                  <Thead><Tr><Th>{t('queue')}</Th><Th>{t('waiting')}</Th><Th>{t('due')}</Th></Tr></Thead>
                  <Tbody>{queues.map((each) => <Tr key={each.kind}><Td dataLabel={t('kind')}>{each.kind}</Td><Td dataLabel={t('waiting')}>{count(each.waiting)}</Td><Td dataLabel={t('due')}>{count(each.due)}</Td></Tr>)}</Tbody>
                </Table>
              </GridItem>
              <GridItem lg={6}>
                <dl className="wharf-pairs">
                  <dt>{t('reclaimable')}</dt><dd>{bytes(reclaimable.condemned_bytes + reclaimable.object_bytes)}</dd>
                  {reclaimable.locked_objects > 0 && <><dt>{t('locked')}</dt><dd>{bytes(reclaimable.locked_bytes)} <Time at={reclaimable.locked_until_ms} /></dd></>}
                  <dt>{t('freed')}</dt>
                  {freed.map((each) => <dd key={each.since}>{t(`since_${each.since as 'day' | 'month' | 'ever'}`)}: {t('freedLine', { size: bytes(each.bytes), blobs: each.blobs, manifests: each.manifests })}</dd>)}
                </dl>
              </GridItem>
            </Grid>
          )}
        </Loaded>
      </CardBody>
    </Card>
  );
}

function Why() {
  const [search, change] = useSearch();
  const digest = search['digest'] ?? '';
  const [text, setText] = useState(digest);
  const query = useQuery({ queryKey: ['superuser', 'gc', digest], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/superuser/gc/{digest}', { params: { path: { digest } }, signal })), enabled: digest !== '', retry: false });
  return (
    <Card isFullHeight>
      <CardTitle component="h2">{t('why')}</CardTitle>
      <CardBody>
        <form className="wharf-inline" onSubmit={(e) => { e.preventDefault(); change({ digest: text.trim() || undefined }); }}>
          <TextInput aria-label={t('whyHelp')} placeholder={t('whyHelp')} value={text} onChange={(_, value) => setText(value)} spellCheck={false} />
          <Button type="submit" variant="secondary" isDisabled={text.trim() === ''}>{t('ask')}</Button>
        </form>
        {digest !== '' && (
          <Loaded query={query}>
            {(shown) => (
              <>
                <p className="wharf-arrival"><strong>{t('stateOf')}:</strong> {shown.state}{shown.size !== undefined && `, ${bytes(shown.size)}`}</p>
                {shown.repositories.length > 0 && (
                  <Table variant="compact" aria-label={t('why')}>
                    <Thead><Tr><Th>{t('where')}</Th><Th>{t('stateOf')}</Th><Th>{t('because')}</Th></Tr></Thead>
                    <Tbody>{shown.repositories.map((each) => <Tr key={`${each.repository} ${each.kind}`}><Td dataLabel={t('where')}>{each.repository}</Td><Td dataLabel={t('stateOf')}>{each.state}</Td><Td dataLabel={t('because')}>{each.why}</Td></Tr>)}</Tbody>
                  </Table>
                )}
              </>
            )}
          </Loaded>
        )}
      </CardBody>
    </Card>
  );
}
