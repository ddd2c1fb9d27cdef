import { Button, Card, CardBody, FormGroup, HelperText, HelperTextItem, Label, LabelGroup, SearchInput, TextInput, ToggleGroup, ToggleGroupItem, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { api, type Schema } from '../../api/client';
import { Ask } from '../Ask';
import { DayBars } from '../charts/DayBars';
import { Pages } from '../More';
import { usePages } from '../pages';
import { Picture } from '../Picture';
import { useSearch, useTyped } from '../search';
import { Time } from '../Time';
import { useSay } from '../toasts';
import { KindFilter } from './KindFilter';
import { kindsOf } from './kinds';
import { kindWords, sentence, t } from './messages';

/** Whose log it is. */
export type LogPlace = { repository: string } | { organization: string } | { user: true } | { registry: true };

type Query = { starttime: string; endtime: string; performer?: string; changes?: boolean; kinds?: string };

const iso = (at: Date) => at.toISOString().slice(0, 10);

/** The audit trail of a place: a chart, the entries, filters that stay in the address, and an export. */
export function LogsView({ of }: { of: LogPlace }) {
  const [search, change] = useSearch();
  const [exporting, setExporting] = useState(false);
  const [performer, setPerformer] = useTyped('performer', 400);
  const from = search['from'] ?? iso(new Date(Date.now() - 7 * 86_400_000));
  const to = search['to'] ?? iso(new Date());
  const kinds = kindsOf(search['kinds']);
  const kindBox = useRef<HTMLInputElement>(null);
  const setKinds = (chosen: string[]) => change({ kinds: chosen.join(',') || undefined });
  const query: Query = {
    starttime: quayDate(from), endtime: quayDate(to),
    ...(search['performer'] ? { performer: search['performer'] } : {}), ...(search['changes'] ? { changes: true } : {}), ...(kinds.length > 0 ? { kinds: kinds.join(',') } : {}),
  };

  const logs = usePages(['logs', of, query], (next_page, signal) => list(of, { ...query, ...(next_page ? { next_page } : {}) }, signal));
  const sums = useQuery({ queryKey: ['aggregatelogs', of, query], queryFn: ({ signal }) => sum(of, query, signal) });

  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem><TextInput type="date" aria-label={t('from')} value={from} max={to} onChange={(_, value) => change({ from: value || undefined })} /></ToolbarItem>
          <ToolbarItem><TextInput type="date" aria-label={t('to')} value={to} min={from} onChange={(_, value) => change({ to: value || undefined })} /></ToolbarItem>
          <ToolbarItem><SearchInput aria-label={t('performerFilter')} placeholder={t('performerFilter')} value={performer} onChange={(_, value) => setPerformer(value)} onClear={() => setPerformer('')} /></ToolbarItem>
          <ToolbarItem><KindFilter chosen={kinds} box={kindBox} onChange={setKinds} /></ToolbarItem>
          <ToolbarItem>
            <ToggleGroup aria-label={t('kinds')}>
              <ToggleGroupItem text={t('all')} isSelected={!search['changes']} onChange={() => change({ changes: undefined })} />
              <ToggleGroupItem text={t('changes')} isSelected={search['changes'] === 'true'} onChange={() => change({ changes: 'true' })} />
            </ToggleGroup>
          </ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }}>{!('registry' in of) && <Button variant="secondary" onClick={() => setExporting(true)}>{t('export')}</Button>}</ToolbarItem>
        </ToolbarContent>
        {kinds.length > 0 && (
          <ToolbarContent>
            <ToolbarItem>
              <LabelGroup categoryName={t('chosenKinds')} numLabels={6} isClosable closeBtnAriaLabel={t('clear')} onClick={() => { setKinds([]); kindBox.current?.focus(); }}>
                {kinds.map((kind) => <Label key={kind} variant="outline" closeBtnAriaLabel={t('without', { kind: kindWords(kind) })} onClose={() => { setKinds(kinds.filter((each) => each !== kind)); kindBox.current?.focus(); }}>{kindWords(kind)}</Label>)}
              </LabelGroup>
            </ToolbarItem>
          </ToolbarContent>
        )}
      </Toolbar>
      {sums.data && <Card isCompact><CardBody><DayBars label={t('chart')} from={from} to={to} bars={(sums.data.aggregated ?? []).map((each) => ({ day: iso(new Date(each.datetime!)), kind: each.kind!.replaceAll('_', ' '), count: each.count ?? 0 }))} /></CardBody></Card>}
      <Pages query={logs} rows={(page) => page.logs}>
        {(rows) => rows.length === 0 ? <p className="wharf-faint wharf-more">{t('none')}</p> : (
          <Table variant="compact" aria-label={t('title')}>
            <Thead><Tr><Th>{t('when')}</Th><Th>{t('what')}</Th><Th>{t('performer')}</Th><Th>{t('where')}</Th></Tr></Thead>
            <Tbody>
              {rows.map((each) => (
                <Tr key={each.id}>
                  <Td dataLabel={t('when')} modifier="nowrap"><Time at={each.at ?? each.datetime} /></Td>
                  <Td dataLabel={t('what')}>{sentence(each.kind!, (each.metadata ?? {}) as Record<string, unknown>)} {each.outcome && each.outcome !== 'ok' && each.outcome !== 'success' && <Label isCompact color="red">{each.outcome}</Label>}</Td>
                  <Td dataLabel={t('performer')}><Performer entry={each} /></Td>
                  <Td dataLabel={t('where')}><code>{each.ip}</code></Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Pages>
      {exporting && <Export of={of} query={query} onClose={() => setExporting(false)} />}
    </>
  );
}

function Performer({ entry }: { entry: Schema<'LogView'> }) {
  if (entry.erased) return <em>{t('erased')}</em>;
  if (!entry.performer) return <span className="wharf-faint">{entry.tried ?? t('nobody')}</span>;
  return <span className="wharf-who"><Picture avatar={entry.performer.avatar} size={20} /> {entry.performer.name}</span>;
}

function Export({ of, query, onClose }: { of: LogPlace; query: Query; onClose: () => void }) {
  const say = useSay();
  const [to, setTo] = useState('');
  const body = to.includes('@') && !to.includes('/') ? { callback_email: to, callback_url: null } : { callback_url: to, callback_email: null };
  const run = async () => {
    await exportLogs(of, query, body);
    say.done(t('exported'));
  };
  return (
    <Ask title={t('exportTitle')} action={t('export')} onAction={run} onClose={onClose} ready={to !== ''}>
      <p>{t(Object.keys(query).length > 2 ? 'exportFiltered' : 'exportBody')}</p>
      <FormGroup label={t('exportEither')} fieldId="export-to">
        <TextInput id="export-to" value={to} onChange={(_, value) => setTo(value.trim())} />
        <HelperText><HelperTextItem>{t('callback')} · {t('email')}</HelperTextItem></HelperText>
      </FormGroup>
    </Ask>
  );
}

// Quay's dates in queries are month/day/year.
function quayDate(day: string): string {
  const [year, month, date] = day.split('-');
  return `${month}/${date}/${year}`;
}

function list(of: LogPlace, query: Query & { next_page?: string }, signal: AbortSignal) {
  if ('repository' in of) return api((c) => c.GET('/api/v1/repository/{repository}/logs', { params: { path: { repository: of.repository }, query }, signal }));
  if ('organization' in of) return api((c) => c.GET('/api/v1/organization/{orgname}/logs', { params: { path: { orgname: of.organization }, query }, signal }));
  if ('user' in of) return api((c) => c.GET('/api/v1/user/logs', { params: { query }, signal }));
  return api((c) => c.GET('/api/v1/superuser/logs', { params: { query }, signal }));
}

function sum(of: LogPlace, query: Query, signal: AbortSignal) {
  if ('repository' in of) return api((c) => c.GET('/api/v1/repository/{repository}/aggregatelogs', { params: { path: { repository: of.repository }, query }, signal }));
  if ('organization' in of) return api((c) => c.GET('/api/v1/organization/{orgname}/aggregatelogs', { params: { path: { orgname: of.organization }, query }, signal }));
  if ('user' in of) return api((c) => c.GET('/api/v1/user/aggregatelogs', { params: { query }, signal }));
  return api((c) => c.GET('/api/v1/superuser/aggregatelogs', { params: { query }, signal }));
}

function exportLogs(of: LogPlace, query: Query, body: Schema<'ExportRequest'>) {
  if ('repository' in of) return api((c) => c.POST('/api/v1/repository/{repository}/exportlogs', { params: { path: { repository: of.repository }, query }, body }));
  if ('organization' in of) return api((c) => c.POST('/api/v1/organization/{orgname}/exportlogs', { params: { path: { orgname: of.organization }, query }, body }));
  return api((c) => c.POST('/api/v1/user/exportlogs', { params: { query }, body }));
}
