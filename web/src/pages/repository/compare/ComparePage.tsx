import { Button, Card, CardBody, CardTitle, Form, FormGroup, Grid, GridItem, Label, PageSection, TextInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { bytes } from '../../../messages/format';
import { Loaded } from '../../../ui/Loaded';
import { PageHead } from '../../../ui/PageHead';
import { useSearch } from '../../../ui/search';
import { SeverityLabel } from '../../../ui/severity';
import { Time } from '../../../ui/Time';
import { t } from './messages';

type Comparison = Schema<'ManifestsComparison'>;

/** Two images of a repository beside each other: what the one has that the other has not. */
export function ComparePage({ repository }: { repository: string }) {
  const [search, change] = useSearch();
  const [from, setFrom] = useState(search['from'] ?? '');
  const [to, setTo] = useState(search['to'] ?? '');
  const asked = { from: search['from'] ?? '', to: search['to'] ?? '' };
  const query = useQuery({
    queryKey: ['compare', repository, asked],
    queryFn: ({ signal }) => api((c) => c.GET('/api/v1/repository/{repository}/compare', { params: { path: { repository }, query: asked }, signal })),
    enabled: asked.from !== '' && asked.to !== '',
  });
  return (
    <>
      <PageHead title={t('title')} crumbs={[{ name: repository, to: `/repository/${repository}` }]} />
      <PageSection>
        <Form onSubmit={(e) => { e.preventDefault(); change({ from, to }, false); }} className="wharf-inline-form">
          <FormGroup label={t('from')} fieldId="compare-from"><TextInput id="compare-from" value={from} onChange={(_, value) => setFrom(value.trim())} spellCheck={false} autoCapitalize="none" /></FormGroup>
          <FormGroup label={t('to')} fieldId="compare-to"><TextInput id="compare-to" value={to} onChange={(_, value) => setTo(value.trim())} spellCheck={false} autoCapitalize="none" /></FormGroup>
          <div className="wharf-form-buttons">
            <Button type="submit" isDisabled={from === '' || to === ''}>{t('compare')}</Button>
            <Button variant="link" onClick={() => { setFrom(to); setTo(from); change({ from: to, to: from }, false); }}>{t('swap')}</Button>
          </div>
        </Form>
      </PageSection>
      <PageSection>{query.isEnabled ? <Loaded query={query}>{(found) => <Differences found={found} />}</Loaded> : <p className="wharf-faint">{t('pick')}</p>}</PageSection>
    </>
  );
}

function Differences({ found }: { found: Comparison }) {
  const [from, to] = [found.from.reference, found.to.reference];
  const { layers, packages, vulnerabilities } = found;
  return (
    <Grid hasGutter>
      {found.platform && <GridItem><p className="wharf-faint">{t('platform', { platform: found.platform })}</p></GridItem>}
      <GridItem lg={6}>
        <Card isFullHeight>
          <CardTitle component="h2">{t('layers')}</CardTitle>
          <CardBody>
            <p>{bytes(found.from.size)} → {bytes(found.to.size)} ({found.to.size >= found.from.size ? '+' : '−'}{bytes(Math.abs(found.to.size - found.from.size))})</p>
            <Proportions parts={[[layers.removed_size, 'wharf-part-removed'], [layers.shared_size, 'wharf-part-shared'], [layers.added_size, 'wharf-part-added']]} />
            <ul className="wharf-rows">
              <li>{t('removed', { count: layers.removed.length, size: bytes(layers.removed_size), from })}</li>
              <li>{t('shared', { count: layers.shared.length, size: bytes(layers.shared_size) })}</li>
              <li>{t('added', { count: layers.added.length, size: bytes(layers.added_size), to })}</li>
            </ul>
            <p className="wharf-faint">{t('built')}: <Time at={found.from.created} none="–" /> → <Time at={found.to.created} none="–" /></p>
          </CardBody>
        </Card>
      </GridItem>
      <GridItem lg={6}>
        <Card isFullHeight>
          <CardTitle component="h2">{t('vulnerabilities')}</CardTitle>
          <CardBody>{vulnerabilities == null ? <p className="wharf-faint">{t('notScanned')}</p> : <Vulnerabilities all={vulnerabilities} />}</CardBody>
        </Card>
      </GridItem>
      <GridItem lg={6}>
        <Card>
          <CardTitle component="h2">{t('packages')}</CardTitle>
          <CardBody>{packages == null ? <p className="wharf-faint">{t('notScanned')}</p> : <Packages all={packages} />}</CardBody>
        </Card>
      </GridItem>
      <GridItem lg={6}>
        <Card>
          <CardTitle component="h2">{t('config')}</CardTitle>
          <CardBody>
            {found.config.length === 0 ? <p className="wharf-faint">{t('sameConfig')}</p> : (
              <Table variant="compact" aria-label={t('config')}>
                <Thead><Tr><Th>{t('setting')}</Th><Th>{from}</Th><Th>{to}</Th></Tr></Thead>
                <Tbody>{found.config.map((each) => <Tr key={each.name}><Td dataLabel={t('setting')}><code>{each.name}</code></Td><Td dataLabel={from} modifier="breakWord">{each.from ?? '–'}</Td><Td dataLabel={to} modifier="breakWord">{each.to ?? '–'}</Td></Tr>)}</Tbody>
              </Table>
            )}
          </CardBody>
        </Card>
      </GridItem>
    </Grid>
  );
}

function Proportions({ parts }: { parts: [number, string][] }) {
  const total = Math.max(1, parts.reduce((sum, [size]) => sum + size, 0));
  let x = 0;
  return (
    <svg className="wharf-proportions" viewBox="0 0 1000 20" preserveAspectRatio="none" aria-hidden="true">
      {parts.map(([size, look]) => {
        const width = (size / total) * 1000;
        x += width;
        return <rect key={look} x={x - width} width={width} height="20" className={look} />;
      })}
    </svg>
  );
}

function Vulnerabilities({ all }: { all: Schema<'VulnerabilityDifference'> }) {
  if (all.added.length + all.removed.length === 0) return <p className="wharf-faint">{t('sameVulnerabilities')}</p>;
  return (
    <>
      <p><Label color="red">{all.added_counts.all} {t('new')}</Label> <Label color="green">{all.removed_counts.all} {t('fixed')}</Label> <Label>{all.kept_counts.all} {t('kept')}</Label></p>
      <div className="wharf-scroll" tabIndex={0} role="region" aria-label={t('vulnerabilities')}>
        <Table variant="compact" aria-label={t('vulnerabilities')}>
          <Thead><Tr><Th>{t('change')}</Th><Th>{t('name')}</Th><Th>{t('packages')}</Th></Tr></Thead>
          <Tbody>
            {([['new', all.added], ['fixed', all.removed]] as const).flatMap(([change, rows]) => rows.map((each) => (
              <Tr key={`${change} ${each.id} ${each.package}`}><Td dataLabel={t('change')}><Label isCompact color={change === 'new' ? 'red' : 'green'}>{t(change)}</Label></Td><Td dataLabel={t('name')}>{each.id} <SeverityLabel severity={each.severity} /></Td><Td dataLabel={t('packages')}>{each.package} {each.version}</Td></Tr>
            )))}
          </Tbody>
        </Table>
      </div>
    </>
  );
}

function Packages({ all }: { all: Schema<'PackageDifference'> }) {
  if (all.added_count + all.removed_count + all.changed_count === 0) return <p className="wharf-faint">{t('samePackages')}</p>;
  const rows = [
    ...all.changed.map((each) => ({ ...each, change: 'changed' as const, version: `${each.from} → ${each.to}` })),
    ...all.added.map((each) => ({ ...each, change: 'came' as const })),
    ...all.removed.map((each) => ({ ...each, change: 'went' as const })),
  ];
  return (
    <>
      <p>{t('packagesChanged', { count: all.changed_count })}, {t('packagesAdded', { count: all.added_count })}, {t('packagesRemoved', { count: all.removed_count })}.</p>
      <div className="wharf-scroll" tabIndex={0} role="region" aria-label={t('packages')}>
        <Table variant="compact" aria-label={t('packages')}>
          <Thead><Tr><Th>{t('change')}</Th><Th>{t('name')}</Th><Th>{t('version')}</Th></Tr></Thead>
          <Tbody>{rows.map((each, at) => <Tr key={at}><Td dataLabel={t('change')}><Label isCompact color={each.change === 'came' ? 'blue' : each.change === 'went' ? 'grey' : 'orange'}>{t(each.change)}</Label></Td><Td dataLabel={t('name')}>{each.name}</Td><Td dataLabel={t('version')}>{each.version}</Td></Tr>)}</Tbody>
        </Table>
      </div>
    </>
  );
}
