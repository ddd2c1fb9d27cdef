import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../api/client';
import { meQuery } from '../../api/session';
import { Ask } from '../../ui/Ask';
import { useSay } from '../../ui/toasts';
import { t } from './messages';

export function NewOrganization({ onClose }: { onClose: () => void }) {
  const say = useSay();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const create = async () => {
    await api((c) => c.POST('/api/v1/organization/', { body: { name, email: email || null } }));
    await queries.invalidateQueries({ queryKey: meQuery.queryKey });
    say.done(t('made', { name }));
    await navigate({ to: '/organization/$org', params: { org: name } });
  };
  return (
    <Ask title={t('create')} action={t('makeIt')} onAction={create} onClose={onClose} ready={name !== ''}>
      <FormGroup label={t('name')} fieldId="organization-name" isRequired>
        <TextInput id="organization-name" isRequired autoCapitalize="none" spellCheck={false} value={name} onChange={(_, value) => setName(value.trim())} />
        <FormHelperText><HelperText><HelperTextItem>{t('nameHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
      <FormGroup label={t('email')} fieldId="new-organization-email">
        <TextInput id="new-organization-email" type="email" value={email} onChange={(_, value) => setEmail(value.trim())} />
        <FormHelperText><HelperText><HelperTextItem>{t('emailHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
    </Ask>
  );
}
