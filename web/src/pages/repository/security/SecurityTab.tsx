import { Card, CardBody, CardHeader, CardTitle, Grid, GridItem, Label, ToggleGroup, ToggleGroupItem } from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { api, type Schema } from '../../../api/client';
import { SeverityDonut } from '../../../ui/charts/Donut';
import { Trend, type TrendDay } from '../../../ui/charts/Trend';
import { Loaded } from '../../../ui/Loaded';
import { useSearch } from '../../../ui/search';
import { severities } from '../../../ui/severity';
import { Teach } from '../../../ui/Teach';
import { t } from './messages';

/** What is known of all images of a repository, now and over time. */
export function SecurityTab({ repository }: { repository: string }) {
  const [search, change] = useSearch();
  const days = search['days'] === '90' ? 90 : 30;
  const query = useQuery({ queryKey: ['security', repository, days], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/repository/{repository}/security', { params: { path: { repository }, query: { days } }, signal })), placeholderData: keepPreviousData });
  return (
    <Loaded query={query}>
      {(summary) => (summary.now?.manifests ?? 0) === 0 ? <Teach title={t('none')}>{t('noneBody')}</Teach> : (
        <Grid hasGutter>
          <GridItem lg={5}><Now counts={summary.now!} /></GridItem>
          <GridItem lg={7}>
            <Card>
              <CardHeader actions={{ actions: <ToggleGroup aria-label={t('range')}><ToggleGroupItem text={t('days30')} isSelected={days === 30} onChange={() => change({ days: undefined })} /><ToggleGroupItem text={t('days90')} isSelected={days === 90} onChange={() => change({ days: '90' })} /></ToggleGroup> }}>
                <CardTitle component="h2">{t('trend')}</CardTitle>
              </CardHeader>
              <CardBody>{(summary.trend ?? []).length < 2 ? <p className="wharf-faint">{t('noTrend')}</p> : <Trend label={t('trend')} days={summary.trend!.map((each) => ({ day: each.day!.slice(0, 10), ...each.counts }) as TrendDay)} />}</CardBody>
            </Card>
          </GridItem>
        </Grid>
      )}
    </Loaded>
  );
}

function Now({ counts }: { counts: Schema<'SeverityCounts'> }) {
  return (
    <Card>
      <CardTitle component="h2">{t('now')}</CardTitle>
      <CardBody>
        {counts.matched === 0 && severities.every((key) => counts[key] === 0) ? <Teach title={t('unmatchedTitle')}>{t('unmatchedBody')}</Teach> : <SeverityDonut counts={counts} label={t('findings')} />}
        <p>{t('scanned', { scanned: counts.scanned ?? 0, manifests: counts.manifests ?? 0 })} {t('perImage')}</p>
        {counts.matched > 0 && counts.matched < counts.scanned && <p className="wharf-faint">{t('unmatched', { count: counts.scanned - counts.matched })}</p>}
        <p>
          {(counts.fixable ?? 0) > 0 && <Label isCompact color="green">{t('fixable', { count: counts.fixable! })}</Label>}{' '}
          {(counts.exploited ?? 0) > 0 && <Label isCompact color="red">{t('exploited', { count: counts.exploited! })}</Label>}
        </p>
      </CardBody>
    </Card>
  );
}
