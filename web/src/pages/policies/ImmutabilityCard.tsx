import { Button, Card, CardBody, CardHeader, CardTitle, FormGroup, Label, Radio, TextInput } from '@patternfly/react-core';
import LockIcon from '@patternfly/react-icons/dist/esm/icons/lock-icon';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Schema } from '../../api/client';
import { Ask } from '../../ui/Ask';
import { Loaded } from '../../ui/Loaded';
import { useSay } from '../../ui/toasts';
import { t } from './messages';
import { immutability } from './place';

export function ImmutabilityCard({ of }: { of: { repository: string } | { organization: string } }) {
  const say = useSay();
  const queries = useQueryClient();
  const operations = useMemo(() => immutability(of), [of]);
  const [adding, setAdding] = useState(false);
  const query = useQuery({ queryKey: ['immutability', of], queryFn: operations.list });
  const refresh = () => queries.invalidateQueries({ queryKey: ['immutability'] });
  const remove = async (policy: Schema<'ShownPolicy'>) => {
    try {
      await operations.remove(policy.uuid!);
      await refresh();
      say.done(t('removed'), async () => { await operations.create({ tagPattern: policy.tagPattern!, tagPatternMatches: policy.tagPatternMatches ?? true }); await refresh(); });
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  return (
    <Card>
      <CardHeader actions={{ actions: <Button variant="secondary" onClick={() => setAdding(true)}>{t('add')}</Button> }}><CardTitle component="h2"><LockIcon /> {t('immutability')}</CardTitle></CardHeader>
      <CardBody>
        <p className="wharf-faint">{t('immutabilityHelp')}</p>
        <Loaded query={query}>
          {({ policies }) => (policies ?? []).length === 0 ? <p>{t('noImmutability')}</p> : (
            <ul className="wharf-rows">
              {policies!.map((each) => (
                <li key={each.uuid}>
                  <span>{t(each.tagPatternMatches === false ? 'patternNot' : 'patternOnly', { pattern: each.tagPattern! })} {each.applied === false && <Label isCompact>{t('pending')}</Label>}</span>
                  <Button variant="link" isInline isDanger onClick={() => void remove(each)}>{t('remove')}</Button>
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </CardBody>
      {adding && <Adding create={operations.create} onSaved={refresh} onClose={() => setAdding(false)} />}
    </Card>
  );
}

function Adding({ create, onSaved, onClose }: { create: (body: Schema<'NewPolicy'>) => Promise<unknown>; onSaved: () => unknown; onClose: () => void }) {
  const say = useSay();
  const [pattern, setPattern] = useState('v[0-9]+(\\.[0-9]+)*');
  const [matches, setMatches] = useState(true);
  const save = async () => {
    await create({ tagPattern: pattern, tagPatternMatches: matches });
    await onSaved();
    say.done(t('saved'));
  };
  return (
    <Ask title={t('immutability')} action={t('save')} onAction={save} onClose={onClose} ready={pattern !== ''}>
      <FormGroup label={t('patternWhole')} fieldId="immutable-pattern"><TextInput id="immutable-pattern" value={pattern} spellCheck={false} onChange={(_, typed) => setPattern(typed)} /></FormGroup>
      <Radio id="immutable-matching" name="immutable-which" label={t('matching')} isChecked={matches} onChange={() => setMatches(true)} />
      <Radio id="immutable-others" name="immutable-which" label={t('notMatching')} isChecked={!matches} onChange={() => setMatches(false)} />
    </Ask>
  );
}
