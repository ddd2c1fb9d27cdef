import { FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, Radio, TextArea, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../api/client';
import { useMe } from '../../api/session';
import { Ask } from '../../ui/Ask';
import { useSay } from '../../ui/toasts';
import { t } from './messages';

export function NewRepository({ within, onClose }: { within?: string; onClose: () => void }) {
  const me = useMe()!;
  const say = useSay();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const places = [me.username, ...me.organizations.filter((each) => each.can_create_repo).map((each) => each.name)];
  const [namespace, setNamespace] = useState(within ?? places[0]!);
  const [name, setName] = useState('');
  const [isPublic, setPublic] = useState(false);
  const [description, setDescription] = useState('');

  const create = async () => {
    await api((c) => c.POST('/api/v1/repository', { body: { namespace, repository: name, visibility: isPublic ? 'public' : 'private', description, repo_kind: 'image' } }));
    await queries.invalidateQueries({ queryKey: ['repositories'] });
    say.done(t('made', { name: `${namespace}/${name}` }));
    await navigate({ to: '/repository/$', params: { _splat: `${namespace}/${name}` } });
  };

  return (
    <Ask title={t('create')} action={t('makeIt')} onAction={create} onClose={onClose} ready={name !== ''}>
      <FormGroup label={t('namespace')} fieldId="new-namespace">
        <FormSelect id="new-namespace" value={namespace} onChange={(_, value) => setNamespace(value)}>
          {[...new Set([...places, namespace])].map((each) => <FormSelectOption key={each} value={each} label={each} />)}
        </FormSelect>
      </FormGroup>
      <FormGroup label={t('name')} fieldId="new-name" isRequired>
        <TextInput id="new-name" isRequired autoCapitalize="none" spellCheck={false} value={name} onChange={(_, value) => setName(value)} />
        <FormHelperText><HelperText><HelperTextItem>{t('nameHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
      <FormGroup role="radiogroup" label={t('visibility')} fieldId="new-private">
        <Radio id="new-private" name="visibility" label={t('private')} description={t('privateHelp')} isChecked={!isPublic} onChange={() => setPublic(false)} />
        <Radio id="new-public" name="visibility" label={t('public')} description={t('publicHelp')} isChecked={isPublic} onChange={() => setPublic(true)} />
      </FormGroup>
      <FormGroup label={t('description')} fieldId="new-description">
        <TextArea id="new-description" value={description} onChange={(_, value) => setDescription(value)} resizeOrientation="vertical" />
      </FormGroup>
    </Ask>
  );
}
