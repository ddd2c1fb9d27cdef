import { Alert, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, TextArea, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Ask } from '../../ui/Ask';
import { useSay } from '../../ui/toasts';
import { t } from './messages';
import { holdsOf, kindsAt, type HoldKind, type HoldPlace } from './place';

const startOf = (day: string) => `${day}T00:00:00Z`;

/** Asks what shall be on hold and why. With `tag` it is that tag of the repository. */
export function NewHold({ of, tag: fixedTag, onClose }: { of: HoldPlace; tag?: string; onClose: () => void }) {
  const say = useSay();
  const queries = useQueryClient();
  const kinds = kindsAt(of);
  const registry = 'registry' in of;
  const fixedRepository = registry ? undefined : of.repository;
  const [kind, setKind] = useState<HoldKind>(fixedTag !== undefined ? 'tag' : kinds[0]!);
  const [namespace, setNamespace] = useState('');
  const [repository, setRepository] = useState('');
  const [tag, setTag] = useState('');
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  const [reason, setReason] = useState('');
  const [reference, setReference] = useState('');

  const asksNamespace = registry && kind !== 'audit';
  const asksRepository = (kind === 'repository' || kind === 'tag') && fixedRepository === undefined;
  const asksTag = kind === 'tag' && fixedTag === undefined;
  const ready = reason.trim() !== '' && (!asksNamespace || namespace !== '') && (!asksRepository || repository !== '') && (!asksTag || tag !== '') && (kind !== 'audit' || (from !== '' && to > from));
  const set = async () => {
    await holdsOf(of).set({
      kind, reason: reason.trim(), case_reference: reference.trim() || null,
      namespace: asksNamespace ? namespace : null,
      repository: kind === 'repository' || kind === 'tag' ? fixedRepository ?? repository : null,
      tag: kind === 'tag' ? fixedTag ?? tag : null,
      from: kind === 'audit' ? startOf(from) : null, to: kind === 'audit' ? startOf(to) : null,
    });
    await Promise.all([queries.invalidateQueries({ queryKey: ['holds'] }), queries.invalidateQueries({ queryKey: ['tags'] })]);
    say.done(t('setNow'));
  };
  const name = (id: string, label: string, value: string, change: (value: string) => void) => (
    <FormGroup label={label} fieldId={id} isRequired><TextInput id={id} isRequired autoCapitalize="none" spellCheck={false} value={value} onChange={(_, typed) => change(typed.trim())} /></FormGroup>
  );
  return (
    <Ask title={fixedTag !== undefined ? `${t('set')}: ${fixedTag}` : t('new')} action={t('set')} onAction={set} onClose={onClose} ready={ready}>
      <Alert isInline variant="info" component="p" title={t(registry ? 'setNoteRegistry' : 'setNote')} />
      {fixedTag === undefined && (
        <FormGroup label={t('kind')} fieldId="hold-kind">
          <FormSelect id="hold-kind" value={kind} onChange={(_, chosen) => setKind(chosen as HoldKind)}>
            {kinds.map((each) => <FormSelectOption key={each} value={each} label={ownWords(of, each)} />)}
          </FormSelect>
        </FormGroup>
      )}
      {asksNamespace && name('hold-namespace', t(kind === 'organization' ? 'organization' : kind === 'person' ? 'person' : 'namespace'), namespace, setNamespace)}
      {asksRepository && name('hold-repository', t('repository'), repository, setRepository)}
      {asksTag && name('hold-tag', t('tag'), tag, setTag)}
      {kind === 'audit' && (
        <>
          <FormGroup label={t('from')} fieldId="hold-from" isRequired><TextInput id="hold-from" type="date" isRequired value={from} onChange={(_, value) => setFrom(value)} /></FormGroup>
          <FormGroup label={t('to')} fieldId="hold-to" isRequired><TextInput id="hold-to" type="date" isRequired min={from} value={to} onChange={(_, value) => setTo(value)} /></FormGroup>
        </>
      )}
      <FormGroup label={t('reason')} fieldId="hold-reason" isRequired>
        <TextArea id="hold-reason" isRequired resizeOrientation="vertical" value={reason} onChange={(_, value) => setReason(value)} />
        <FormHelperText><HelperText><HelperTextItem>{t('reasonHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
      <FormGroup label={t('case')} fieldId="hold-case"><TextInput id="hold-case" value={reference} onChange={(_, value) => setReference(value)} /></FormGroup>
    </Ask>
  );
}

function ownWords(of: HoldPlace, kind: HoldKind): string {
  if ('registry' in of) return t(`kind_${kind}`);
  if (kind === 'organization') return t('own_organization');
  if (of.repository === undefined) return t(`kind_${kind}`);
  return t(kind === 'repository' ? 'own_repository' : 'own_tag');
}
