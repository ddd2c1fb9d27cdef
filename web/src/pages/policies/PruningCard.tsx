import { Alert, Button, Card, CardBody, CardHeader, CardTitle, Checkbox, FormGroup, FormSelect, FormSelectOption, TextInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Schema } from '../../api/client';
import { Ask } from '../../ui/Ask';
import { Loaded } from '../../ui/Loaded';
import { Problem } from '../../ui/Problem';
import { useSay } from '../../ui/toasts';
import { useDelayed } from '../../ui/useDelayed';
import { t } from './messages';
import { pruning, type Place } from './place';

type Policy = Schema<'ShownPrunePolicy'>;
type Method = 'number_of_tags' | 'creation_date' | 'last_pulled' | 'untagged';

const methods: Method[] = ['number_of_tags', 'creation_date', 'last_pulled', 'untagged'];

/** Prune policies of a place; whoever writes one sees at once what it would take. */
export function PruningCard({ of }: { of: Place }) {
  const say = useSay();
  const queries = useQueryClient();
  const operations = useMemo(() => pruning(of), [of]);
  const [editing, setEditing] = useState<Policy | 'new' | null>(null);
  const query = useQuery({ queryKey: ['pruning', of], queryFn: operations.list });
  const refresh = () => queries.invalidateQueries({ queryKey: ['pruning'] });
  const remove = async (policy: Policy) => {
    try {
      await operations.remove(policy.uuid!);
      await refresh();
      const { uuid: _, ...again } = policy;
      say.done(t('removed'), async () => { await operations.create(again as Schema<'PrunePolicyBody'>); await refresh(); });
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  return (
    <Card>
      <CardHeader actions={{ actions: <Button variant="secondary" onClick={() => setEditing('new')}>{t('add')}</Button> }}><CardTitle component="h2">{t('pruning')}</CardTitle></CardHeader>
      <CardBody>
        <p className="wharf-faint">{t('pruningHelp')}</p>
        <Loaded query={query}>
          {({ policies }) => (policies ?? []).length === 0 ? <p>{t('noPruning')}</p> : (
            <ul className="wharf-rows">
              {policies!.map((each) => (
                <li key={each.uuid}>
                  <span>{words(each)}</span>
                  <span>
                    <Button variant="link" isInline onClick={() => setEditing(each)}>{t('edit')}</Button>{' '}
                    <Button variant="link" isInline isDanger onClick={() => void remove(each)}>{t('remove')}</Button>
                  </span>
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </CardBody>
      {editing && <Editor of={of} policy={editing === 'new' ? null : editing} onSaved={refresh} onClose={() => setEditing(null)} />}
    </Card>
  );
}

function words(policy: Policy): string {
  const said = t(`sentence_${policy.method as Method}`, { value: String(policy.value) });
  return policy.tagPattern ? said + t(policy.tagPatternMatches === false ? 'whoseNot' : 'whose', { pattern: policy.tagPattern }) : said;
}

function Editor({ of, policy, onSaved, onClose }: { of: Place; policy: Policy | null; onSaved: () => unknown; onClose: () => void }) {
  const say = useSay();
  const operations = useMemo(() => pruning(of), [of]);
  const [method, setMethod] = useState<Method>((policy?.method as Method) ?? 'number_of_tags');
  const [value, setValue] = useState(String(policy?.value ?? '10'));
  const [pattern, setPattern] = useState(policy?.tagPattern ?? '');
  const [invert, setInvert] = useState(policy?.tagPatternMatches === false);
  const [semver, setSemver] = useState(policy?.keep?.semver === true);
  const body = useMemo(() => ({
    method,
    value: method === 'number_of_tags' ? Number(value) : value,
    ...(pattern && method !== 'untagged' ? { tagPattern: pattern, tagPatternMatches: !invert } : {}),
    ...(semver && method !== 'untagged' ? { keep: { semver: true } } : {}),
  }) as unknown as Schema<'PrunePolicyBody'>, [method, value, pattern, invert, semver]);
  const save = async () => {
    if (policy) await operations.update(policy.uuid!, body);
    else await operations.create(body);
    await onSaved();
    say.done(t('saved'));
  };
  return (
    <Ask wide title={t('pruning')} action={t('save')} onAction={save} onClose={onClose} ready={value !== ''}>
      <FormGroup label={t('method')} fieldId="prune-method">
        <FormSelect id="prune-method" value={method} onChange={(_, chosen) => { setMethod(chosen as Method); setValue(chosen === 'number_of_tags' ? '10' : chosen === 'untagged' ? '1d' : '30d'); }}>
          {methods.map((each) => <FormSelectOption key={each} value={each} label={t(each)} />)}
        </FormSelect>
      </FormGroup>
      <FormGroup label={t('value')} fieldId="prune-value"><TextInput id="prune-value" value={value} onChange={(_, typed) => setValue(typed.trim())} /></FormGroup>
      {method !== 'untagged' && (
        <>
          <FormGroup label={t('pattern')} fieldId="prune-pattern"><TextInput id="prune-pattern" value={pattern} onChange={(_, typed) => setPattern(typed)} spellCheck={false} /></FormGroup>
          {pattern !== '' && <Checkbox id="prune-invert" label={t('invert')} isChecked={invert} onChange={(_, on) => setInvert(on)} />}
          <Checkbox id="prune-semver" label={t('semver')} isChecked={semver} onChange={(_, on) => setSemver(on)} />
        </>
      )}
      <Preview of={of} body={body} />
    </Ask>
  );
}

function Preview({ of, body }: { of: Place; body: Schema<'PrunePolicyBody'> }) {
  const operations = useMemo(() => pruning(of), [of]);
  const settled = useDelayed(body, 400);
  const query = useQuery({ queryKey: ['pruning', of, 'preview', settled], queryFn: () => operations.preview(settled), placeholderData: keepPreviousData, retry: false });
  return (
    <section aria-live="polite" aria-label={t('preview')}>
      <h2>{t('preview')}</h2>
      {query.error ? <Problem fault={query.error} /> : query.data === undefined ? <p className="wharf-faint">{t('previewing')}</p> : (
        <>
          {query.data.warning && <Alert isInline variant="warning" title={query.data.warning} component="p" />}
          <p><strong>{query.data.counts?.would_go ? t('wouldGo', { count: query.data.counts.would_go }) : t('nothingGoes')}</strong> {query.data.counts && t('stays', { stay: query.data.counts.stay ?? 0, protected: query.data.counts.protected ?? 0 })}</p>
          {(query.data.entries ?? []).length > 0 && (
            <div className="wharf-scroll" tabIndex={0} role="region" aria-label={t('preview')}>
              <Table variant="compact" aria-label={t('preview')}>
                <Thead><Tr>{!('repository' in of) && <Th>{t('repository')}</Th>}<Th>{t('tag')}</Th><Th>{t('reason')}</Th></Tr></Thead>
                <Tbody>{query.data.entries!.map((each, at) => <Tr key={at}>{!('repository' in of) && <Td dataLabel={t('repository')}>{each.repository}</Td>}<Td dataLabel={t('tag')}>{each.tag ?? each.manifest_digest?.slice(0, 19)}</Td><Td dataLabel={t('reason')}>{each.protected_by ?? each.reason}</Td></Tr>)}</Tbody>
              </Table>
            </div>
          )}
        </>
      )}
    </section>
  );
}
