import { ActionGroup, Alert, Button, Form } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, forgetCsrfToken } from '../../api/client';
import { configQuery, meQuery } from '../../api/session';
import { explain } from '../../ui/Problem';
import { EntryCard } from '../signin/EntryCard';
import { NewPersonFields } from '../signin/NewPersonFields';
import { t } from './messages';

/** The first account of an empty registry. */
export function SetupPage() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [person, setPerson] = useState({ username: 'admin', email: '', password: '' });
  const [problem, setProblem] = useState<string | null>(null);

  const create = async () => {
    setProblem(null);
    try {
      await api((c) => c.POST('/api/v1/user/initialize', { body: { ...person, email: person.email || null, access_token: false } }));
      await api((c) => c.POST('/api/v1/signin', { body: { username: person.username, password: person.password } }));
      forgetCsrfToken();
      await queries.fetchQuery({ ...configQuery, staleTime: 0 });
      await queries.fetchQuery({ ...meQuery, staleTime: 0 });
      await navigate({ to: '/welcome', replace: true });
    } catch (fault) {
      setProblem(explain(fault));
    }
  };

  return (
    <EntryCard title={t('title')}>
      <p>{t('lead')}</p>
      <Form onSubmit={(e) => { e.preventDefault(); void create(); }}>
        {problem !== null && <Alert isInline variant="danger" title={problem} component="p" />}
        <NewPersonFields person={person} onChange={setPerson} withEmail={false} />
        <ActionGroup><Button type="submit" isBlock isDisabled={person.username === '' || person.password.length < 8}>{t('create')}</Button></ActionGroup>
      </Form>
    </EntryCard>
  );
}
