import { Alert, Card, CardBody, Checkbox, DescriptionList, Grid, GridItem, Label, SearchInput, ToggleGroup, ToggleGroupItem, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { ExpandableRowContent, Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { SeverityDonut } from '../../../ui/charts/Donut';
import { Loaded } from '../../../ui/Loaded';
import { useSearch } from '../../../ui/search';
import { severities, severityKey, SeverityLabel, type SeverityKey } from '../../../ui/severity';
import { Teach } from '../../../ui/Teach';
import { Time } from '../../../ui/Time';
import { Row } from './DetailsTab';
import type { Manifest } from './ManifestPage';
import { t } from './messages';
import { commandText } from './names';
import { NoFindings } from './NoFindings';
import { byPackage, countBySeverity, order, type Finding } from './report';

/** What is vulnerable in an image, why that is said, and which layer brought it. */
export function ReportTab({ repository, manifest }: { repository: string; manifest: Manifest }) {
  const query = useQuery({
    queryKey: ['report', repository, manifest.digest],
    queryFn: ({ signal }) => api((c) => c.GET('/api/v1/repository/{repository}/manifest/{manifestref}/vulnerabilities', { params: { path: { repository, manifestref: manifest.digest }, query: { suppressed: true } }, signal })),
  });
  return <Loaded query={query}>{(report) => <Report report={report} repository={repository} manifest={manifest} />}</Loaded>;
}

type Props = { report: Schema<'ManifestReport'>; repository: string; manifest: Manifest };

function Report({ report, repository, manifest }: Props) {
  switch (report.status) {
    case 'queued': return <Teach title={t('queued')}>{t('queuedBody')}</Teach>;
    case 'unsupported': return <Teach title={t('unsupported')}>{report.reason ?? t('unsupportedBody')}</Teach>;
    case 'too_large': return <Teach title={t('tooLarge')}>{report.reason ?? ''}</Teach>;
    case 'failed': return <Teach title={t('scanFailed')}>{report.reason} {t('scanFailedBody')}</Teach>;
    case 'scanned': return <Scanned report={report} repository={repository} manifest={manifest} />;
    default: return <Teach title={t('disabled')}>{report.reason ?? ''}</Teach>;
  }
}

function Scanned({ report, repository, manifest }: Props) {
  const [search, change] = useSearch();
  const text = (search['q'] ?? '').toLowerCase();
  const severity = search['severity'] as SeverityKey | undefined;
  const counts = countBySeverity(report.findings);
  const suppressed = report.suppressed ?? [];
  const any = report.findings.length + suppressed.length > 0;
  const shown = (search['suppressed'] ? suppressed : report.findings)
    .filter((each) => (severity === undefined || severityKey(each.severity) === severity) && (!search['fixable'] || each.fixed_in) && (!search['exploited'] || each.exploited))
    .filter((each) => text === '' || [each.id, ...each.aliases, each.package].some((word) => word.toLowerCase().includes(text)))
    .sort(order);
  return (
    <>
      {report.warnings.length > 0 && report.feeds.length > 0 && <Alert isInline variant="warning" title={t('warnings')} component="p">{report.warnings.join(' ')}</Alert>}
      {report.problems.length > 0 && <Alert isInline variant="warning" title={t('problems')} component="p">{report.problems.join(' ')}</Alert>}
      <Card isCompact className="wharf-report">
        <CardBody>
          <Grid hasGutter>
            {any && <GridItem md={6}><SeverityDonut counts={counts} label={t('findings')} picked={severity} onPick={(key) => change({ severity: key })} /></GridItem>}
            <GridItem md={6}>
              <DescriptionList isHorizontal isCompact>
                {report.distro && <Row name={t('distro')}>{report.distro.id} {report.distro.version} {report.distro.end_of_life && Date.parse(report.distro.end_of_life) < Date.now() && <Label isCompact color="orange">{t('endOfLife', { when: report.distro.end_of_life.slice(0, 10) })}</Label>}</Row>}
                <Row name={t('scanned')}><Time at={report.scanned} /></Row>
              </DescriptionList>
            </GridItem>
          </Grid>
        </CardBody>
      </Card>
      {any && (
        <Toolbar>
          <ToolbarContent>
            <ToolbarItem><SearchInput aria-label={t('search')} placeholder={t('search')} value={search['q'] ?? ''} onChange={(_, value) => change({ q: value || undefined })} onClear={() => change({ q: undefined })} /></ToolbarItem>
            <ToolbarItem alignSelf="center"><Checkbox id="fixable" label={t('onlyFixable')} isChecked={search['fixable'] === 'true'} onChange={(_, on) => change({ fixable: on ? 'true' : undefined })} /></ToolbarItem>
            <ToolbarItem alignSelf="center"><Checkbox id="exploited" label={t('onlyExploited')} isChecked={search['exploited'] === 'true'} onChange={(_, on) => change({ exploited: on ? 'true' : undefined })} /></ToolbarItem>
            <ToolbarItem>
              <ToggleGroup aria-label={t('group')}>
                {(['list', 'package', 'layer'] as const).map((each) => <ToggleGroupItem key={each} text={t(each === 'list' ? 'asList' : each === 'package' ? 'byPackage' : 'byLayer')} isSelected={(search['by'] ?? 'list') === each} onChange={() => change({ by: each === 'list' ? undefined : each })} />)}
              </ToggleGroup>
            </ToolbarItem>
            {suppressed.length > 0 && <ToolbarItem alignSelf="center"><Checkbox id="suppressed" label={t('suppressed', { count: suppressed.length })} isChecked={search['suppressed'] === 'true'} onChange={(_, on) => change({ suppressed: on ? 'true' : undefined })} /></ToolbarItem>}
          </ToolbarContent>
        </Toolbar>
      )}
      {report.findings.length === 0 && !search['suppressed'] ? <NoFindings repository={repository} digest={manifest.digest} report={report} />
        : shown.length === 0 ? <p className="wharf-faint">{t('noneMatch')}</p>
          : <Groups findings={shown} by={search['by'] ?? 'list'} manifest={manifest} />}
    </>
  );
}

function Groups({ findings, by, manifest }: { findings: Finding[]; by: string; manifest: Manifest }) {
  const layerName = (digest: string) => {
    const layer = manifest.layers?.find((each) => each.blob_digest === digest);
    return layer ? `${layer.index + 1}. ${commandText(layer.command) || digest.slice(7, 19)}` : digest.slice(7, 19);
  };
  if (by === 'list') return <FindingTable findings={findings.slice(0, 1000)} layerName={layerName} label={t('findings')} />;
  const groups = byPackage(findings, (each) => by === 'package' ? `${each.package} ${each.version}` : layerName(each.layer));
  return groups.map(([name, all]) => (
    <section key={name}>
      <h2 className="wharf-day">{name} {severities.filter((key) => all.some((each) => severityKey(each.severity) === key)).map((key) => <SeverityLabel key={key} severity={key} count={all.filter((each) => severityKey(each.severity) === key).length} />)}</h2>
      <FindingTable findings={all} layerName={layerName} label={name} />
    </section>
  ));
}

function FindingTable({ findings, layerName, label }: { findings: Finding[]; layerName: (digest: string) => string; label: string }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (key: string) => setOpen((now) => {
    const next = new Set(now);
    if (!next.delete(key)) next.add(key);
    return next;
  });
  return (
    <Table variant="compact" aria-label={label}>
      <Thead><Tr><Th screenReaderText={t('details')} /><Th>{t('vulnerability')}</Th><Th>{t('severity')}</Th><Th>{t('package')}</Th><Th>{t('installed')}</Th><Th>{t('fixedIn')}</Th><Th>{t('firstSeen')}</Th></Tr></Thead>
      {findings.map((each, at) => {
        const key = `${each.id} ${each.purl} ${at}`;
        const isOpen = open.has(key);
        return (
          <Tbody key={key} isExpanded={isOpen}>
            <Tr>
              <Td expand={{ rowIndex: at, isExpanded: isOpen, onToggle: () => toggle(key), expandId: `finding-${label}` }} />
              <Td dataLabel={t('vulnerability')} modifier="nowrap">
                {each.links[0] ? <a href={each.links[0]} target="_blank" rel="noreferrer">{each.id}</a> : each.id}{' '}
                {each.exploited && <Label isCompact color="red">{t('exploited')}</Label>}
                {each.epss != null && each.epss >= 0.1 && <Label isCompact color="orange">{t('epss', { percent: `${Math.round(each.epss * 100)} %` })}</Label>}
              </Td>
              <Td dataLabel={t('severity')}><SeverityLabel severity={each.severity} /></Td>
              <Td dataLabel={t('package')}>{each.package}</Td>
              <Td dataLabel={t('installed')}>{each.version}</Td>
              <Td dataLabel={t('fixedIn')}>{each.fixed_in ?? <span className="wharf-faint">{t('noFix')}</span>}</Td>
              <Td dataLabel={t('firstSeen')}><Time at={each.first_seen} /></Td>
            </Tr>
            {isOpen && <Tr isExpanded><Td /><Td colSpan={6}><ExpandableRowContent><FindingDetails finding={each} layerName={layerName} /></ExpandableRowContent></Td></Tr>}
          </Tbody>
        );
      })}
    </Table>
  );
}

function FindingDetails({ finding, layerName }: { finding: Finding; layerName: (digest: string) => string }) {
  return (
    <>
      {finding.summary && <p>{finding.summary}</p>}
      <DescriptionList isHorizontal isCompact>
        {finding.aliases.length > 0 && <Row name={t('vulnerability')}>{finding.aliases.join(', ')}</Row>}
        {finding.reason && <Row name={t('reason')}>{finding.reason}</Row>}
        <Row name={t('layer')}><code className="wharf-command">{layerName(finding.layer)}</code></Row>
        {finding.locations.length > 0 && <Row name={t('locations')}><code>{finding.locations.join(', ')}</code></Row>}
        {finding.links.length > 0 && <Row name={t('advisory')}>{finding.links.slice(0, 5).map((each) => <div key={each}><a href={each} target="_blank" rel="noreferrer">{each}</a></div>)}</Row>}
        <Row name={t('evidence')}>{finding.evidence.map((each, at) => <div key={at}>{each.feed}: {each.advisory} ({each.name} {each.versions}, {each.status}){each.note && `: ${each.note}`}</div>)}</Row>
      </DescriptionList>
    </>
  );
}
