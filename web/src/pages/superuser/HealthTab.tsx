import { Card, CardBody, CardTitle, Grid, GridItem, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client';
import { useConfig } from '../../api/session';
import { bytes } from '../../messages/format';
import { Loaded } from '../../ui/Loaded';
import { Pages } from '../../ui/More';
import { usePages } from '../../ui/pages';
import { Time } from '../../ui/Time';
import { t } from './messages';

/** Whether the registry works, and whether what it stores is still what was pushed. */
export function HealthTab() {
  const config = useConfig();
  const status = useQuery({ queryKey: ['superuser', 'status'], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/superuser/registrystatus', { signal })), refetchInterval: 15_000 });
  const scrub = usePages(['superuser', 'scrub'], (next_page, signal) => api((c) => c.GET('/api/v1/superuser/scrub', { params: { query: next_page ? { next_page } : {} }, signal })));
  const run = scrub.data?.pages[0]?.running ?? scrub.data?.pages[0]?.last;
  return (
    <Grid hasGutter>
      <GridItem lg={4}>
        <Card>
          <CardTitle component="h2">{t('registry')}</CardTitle>
          <CardBody>
            <Loaded query={status}>{(shown) => <Label color={shown.status === 'ready' ? 'green' : 'orange'}>{shown.status === 'ready' ? t('ready') : shown.status}</Label>}</Loaded>
            <p className="wharf-faint">Wharf {config?.version_number}</p>
          </CardBody>
        </Card>
      </GridItem>
      <GridItem lg={8}>
        <Card>
          <CardTitle component="h2">{t('scrub')}</CardTitle>
          <CardBody>
            <p className="wharf-faint">{t('scrubHelp')}</p>
            <Pages query={scrub} rows={(page) => page.findings}>
              {(findings) => (
                <>
                  {!run ? <p>{t('scrubNever')}</p> : (
                    <dl className="wharf-pairs">
                      <dt>{run.ended_ms ? t('scrubEnded') : t('scrubRuns')}</dt><dd><Time at={run.ended_ms ?? run.started_ms} /></dd>
                      <dt>{t('scrubRead')}</dt><dd>{t('scrubReadLine', { blobs: run.blobs, manifests: run.manifests, size: bytes(run.bytes) })}</dd>
                      <dt>{t('findings')}</dt><dd>{run.findings === 0 ? t('noFindings') : `${run.findings}, ${t('repaired', { count: run.repaired })}`}</dd>
                    </dl>
                  )}
                  {findings.length > 0 && (
                    <Table variant="compact" aria-label={t('findings')}>
                      <Thead><Tr><Th>{t('finding')}</Th><Th>{t('name')}</Th><Th>{t('detail')}</Th><Th>{t('state')}</Th></Tr></Thead>
                      <Tbody>{findings.map((each) => <Tr key={each.id}><Td dataLabel={t('finding')}>{each.kind}</Td><Td dataLabel={t('name')} modifier="breakWord">{each.name}</Td><Td dataLabel={t('detail')}>{each.detail}</Td><Td dataLabel={t('state')}>{each.state}</Td></Tr>)}</Tbody>
                    </Table>
                  )}
                </>
              )}
            </Pages>
          </CardBody>
        </Card>
      </GridItem>
    </Grid>
  );
}
