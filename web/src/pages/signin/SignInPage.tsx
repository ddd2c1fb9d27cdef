import { ActionGroup, Alert, Button, Form, FormGroup, Stack, StackItem, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api, ApiProblem, forgetCsrfToken } from '../../api/client';
import { meQuery, useConfig } from '../../api/session';
import { explain } from '../../ui/Problem';
import { useSearch } from '../../ui/search';
import { EntryCard } from './EntryCard';
import { t } from './messages';

export function SignInPage() {
  const [search] = useSearch();
  const config = useConfig();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [recovering, setRecovering] = useState(false);

  const signIn = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await api((c) => c.POST('/api/v1/signin', { body: { username: username.trim(), password } }));
      forgetCsrfToken();
      queries.removeQueries({ predicate: (query) => query.queryKey[0] !== 'config' });
      await queries.fetchQuery(meQuery);
      await navigate({ href: landing(search['next']), replace: true });
    } catch (fault) {
      setProblem(fault instanceof ApiProblem && fault.status === 403 ? (fault.message || t('refused')) : explain(fault));
      setPassword('');
    } finally {
      setBusy(false);
    }
  };

  if (recovering) return <Recovery back={() => setRecovering(false)} />;
  return (
    <EntryCard title={t('title')}>
      <Form onSubmit={(e) => { e.preventDefault(); void signIn(); }}>
        {problem !== null && <Alert isInline variant="danger" title={problem} component="p" />}
        <FormGroup label={t('user')} fieldId="username">
          <TextInput id="username" autoComplete="username" autoCapitalize="none" spellCheck={false} value={username} onChange={(_, value) => setUsername(value)} autoFocus />
        </FormGroup>
        <FormGroup label={t('password')} fieldId="password">
          <TextInput id="password" type="password" autoComplete="current-password" value={password} onChange={(_, value) => setPassword(value)} />
        </FormGroup>
        <ActionGroup><Button type="submit" isBlock isLoading={busy} isDisabled={busy || username.trim() === '' || password === ''}>{t('signIn')}</Button></ActionGroup>
      </Form>
      <Stack hasGutter className="wharf-entry-links">
        {config?.features['MAILING'] && <StackItem><Button variant="link" isInline onClick={() => setRecovering(true)}>{t('forgotten')}</Button></StackItem>}
        {config?.features['USER_CREATION'] && <StackItem>{t('newHere')} <Link to="/createaccount">{t('signUp')}</Link></StackItem>}
        {config?.features['ANONYMOUS_ACCESS'] && <StackItem><Link to="/repository">{t('browse')}</Link></StackItem>}
      </Stack>
    </EntryCard>
  );
}

// Only to a page of ours: an address that a link brought must not lead elsewhere after the password was typed.
function landing(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])/.test(next) ? next : '/';
}

function Recovery({ back }: { back: () => void }) {
  const [email, setEmail] = useState('');
  const [sent, setSent] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const send = async () => {
    try {
      await api((c) => c.POST('/api/v1/recovery', { body: { email } }));
      setSent(true);
      setProblem(null);
    } catch (fault) {
      setProblem(explain(fault));
    }
  };

  return (
    <EntryCard title={t('recoverTitle')}>
      <Form onSubmit={(e) => { e.preventDefault(); void send(); }}>
        {problem !== null && <Alert isInline variant="danger" title={problem} component="p" />}
        {sent ? <Alert isInline variant="success" title={t('sent')} component="p" /> : (
          <>
            <p>{t('recoverText')}</p>
            <FormGroup label={t('email')} fieldId="email">
              <TextInput id="email" type="email" autoComplete="email" value={email} onChange={(_, value) => setEmail(value)} autoFocus />
            </FormGroup>
            <ActionGroup><Button type="submit" isBlock isDisabled={email === ''}>{t('send')}</Button></ActionGroup>
          </>
        )}
        <Button variant="link" isInline onClick={back}>{t('back')}</Button>
      </Form>
    </EntryCard>
  );
}
