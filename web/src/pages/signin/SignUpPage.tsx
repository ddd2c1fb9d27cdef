import { ActionGroup, Alert, Button, Form } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, forgetCsrfToken } from '../../api/client';
import { meQuery, useConfig } from '../../api/session';
import { explain } from '../../ui/Problem';
import { EntryCard } from './EntryCard';
import { t } from './messages';
import { NewPersonFields } from './NewPersonFields';

export function SignUpPage() {
  const config = useConfig();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [person, setPerson] = useState({ username: '', email: '', password: '' });
  const [problem, setProblem] = useState<string | null>(null);
  const [awaited, setAwaited] = useState(false);

  const create = async () => {
    setProblem(null);
    try {
      const made = await api((c) => c.POST('/api/v1/user/', { body: { ...person, email: person.email || null } }));
      if ('awaiting_verification' in made && made.awaiting_verification) {
        setAwaited(true);
        return;
      }
      forgetCsrfToken();
      await api((c) => c.POST('/api/v1/signin', { body: { username: person.username, password: person.password } }));
      forgetCsrfToken();
      await queries.fetchQuery({ ...meQuery, staleTime: 0 });
      await navigate({ to: '/welcome' });
    } catch (fault) {
      setProblem(explain(fault));
    }
  };

  return (
    <EntryCard title={t('signUpTitle')}>
      {awaited ? <Alert isInline variant="success" title={t('await', { email: person.email })} component="p" />
        : config?.features['USER_CREATION'] === false ? <Alert isInline variant="info" title={t('closed')} component="p" /> : (
          <Form onSubmit={(e) => { e.preventDefault(); void create(); }}>
            {problem !== null && <Alert isInline variant="danger" title={problem} component="p" />}
            <NewPersonFields person={person} onChange={setPerson} withEmail={config?.features['MAILING'] === true} />
            <ActionGroup><Button type="submit" isBlock isDisabled={person.username === '' || person.password.length < 8}>{t('create')}</Button></ActionGroup>
          </Form>
        )}
      <p className="wharf-entry-links"><Link to="/signin">{t('have')}</Link></p>
    </EntryCard>
  );
}
