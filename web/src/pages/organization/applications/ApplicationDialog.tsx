import { Button, Checkbox, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput, Title } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { Ask } from '../../../ui/Ask';
import { useAttempt } from '../../../ui/attempt';
import { Code } from '../../../ui/Copy';
import { Loaded } from '../../../ui/Loaded';
import { Pages } from '../../../ui/More';
import { Once } from '../../../ui/Once';
import { usePages } from '../../../ui/pages';
import { Time } from '../../../ui/Time';
import { useSay } from '../../../ui/toasts';
import { t } from './messages';

const scopes = [
  ['repo:read', t('scope_repo_read')], ['repo:write', t('scope_repo_write')], ['repo:admin', t('scope_repo_admin')], ['repo:create', t('scope_repo_create')],
  ['user:read', t('scope_user_read')], ['user:admin', t('scope_user_admin')], ['org:admin', t('scope_org_admin')], ['super:user', t('scope_super_user')],
] as const;

/** A registered program: its secret, and the tokens that were made for it. */
export function ApplicationDialog({ orgname, clientId, onClose }: { orgname: string; clientId: string; onClose: () => void }) {
  const say = useSay();
  const queries = useQueryClient();
  const [asking, setAsking] = useState<'reset' | 'token' | null>(null);
  const [made, setMade] = useState<Schema<'TokenView'> | null>(null);
  const params = { path: { orgname, client_id: clientId } };
  const query = useQuery({ queryKey: ['application', clientId], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/organization/{orgname}/applications/{client_id}', { params, signal })) });
  const reset = async () => {
    const made = await api((c) => c.POST('/api/v1/organization/{orgname}/applications/{client_id}/resetclientsecret', { params }));
    queries.setQueryData(['application', clientId], made);
    say.done(t('resetDone', { name: made.name }));
  };
  const name = query.data?.name ?? clientId;
  return (
    <>
      <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="application-title">
        <ModalHeader title={name} labelId="application-title" />
        <ModalBody>
          <Loaded query={query}>
            {(shown) => (
              <div className="wharf-commands">
                <FormGroup role="group" label={t('clientId')}><Code text={shown.client_id} what={t('clientId')} /></FormGroup>
                {shown.client_secret && <FormGroup role="group" label={t('secret')}><Code text={shown.client_secret} what={t('secret')} /></FormGroup>}
              </div>
            )}
          </Loaded>
          <Title headingLevel="h2" size="lg">{t('tokens')}</Title>
          <Tokens orgname={orgname} clientId={clientId} />
        </ModalBody>
        <ModalFooter>
          <Button onClick={() => setAsking('token')}>{t('newToken')}</Button>
          <Button variant="secondary" onClick={() => setAsking('reset')}>{t('reset')}</Button>
          <Button variant="link" onClick={onClose}>{t('close')}</Button>
        </ModalFooter>
      </Modal>
      {asking === 'reset' && <Ask danger title={t('resetTitle', { name })} action={t('reset')} onAction={reset} onClose={() => setAsking(null)}><p>{t('resetBody')}</p></Ask>}
      {asking === 'token' && <NewToken orgname={orgname} clientId={clientId} onMade={setMade} onClose={() => setAsking(null)} />}
      {made && <Once title={made.name ?? t('token')} onClose={() => setMade(null)}><Code text={made.token ?? ''} what={t('token')} /></Once>}
    </>
  );
}

function Tokens({ orgname, clientId }: { orgname: string; clientId: string }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const path = { orgname, client_id: clientId };
  const query = usePages(['application', clientId, 'tokens'], (next_page, signal) => api((c) => c.GET('/api/v1/organization/{orgname}/applications/{client_id}/tokens', { params: { path, query: next_page ? { next_page } : {} }, signal })));
  const revoke = (token: Schema<'TokenView'>) => attempt(async () => {
    await api((c) => c.DELETE('/api/v1/organization/{orgname}/applications/{client_id}/tokens/{token_uuid}', { params: { path: { ...path, token_uuid: token.uuid } } }));
    await queries.invalidateQueries({ queryKey: ['application', clientId, 'tokens'] });
    say.done(t('revoked'));
  });
  return (
    <Pages query={query} rows={(page) => page.tokens}>
      {(rows) => rows.length === 0 ? <p className="wharf-faint">{t('noTokens')}</p> : (
        <Table variant="compact" aria-label={t('tokens')}>
          <Thead><Tr><Th>{t('name')}</Th><Th>{t('scope')}</Th><Th>{t('expires')}</Th><Th>{t('lastUsed')}</Th><Th screenReaderText={t('revoke')} /></Tr></Thead>
          <Tbody>
            {rows.map((each) => (
              <Tr key={each.uuid}>
                <Td dataLabel={t('name')}>{each.name ?? t('unnamed')}</Td>
                <Td dataLabel={t('scope')}>{each.scope}</Td>
                <Td dataLabel={t('expires')}><Time at={each.expires_at} /></Td>
                <Td dataLabel={t('lastUsed')}><Time at={each.last_accessed} /></Td>
                <Td isActionCell><Button variant="link" isDanger isInline aria-label={t('revokeOf', { name: each.name ?? t('unnamed') })} onClick={() => revoke(each)}>{t('revoke')}</Button></Td>
              </Tr>
            ))}
          </Tbody>
        </Table>
      )}
    </Pages>
  );
}

function NewToken({ orgname, clientId, onMade, onClose }: { orgname: string; clientId: string; onMade: (token: Schema<'TokenView'>) => void; onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set(['repo:read']));
  const [days, setDays] = useState('90');
  const create = async () => {
    const token = await api((c) => c.POST('/api/v1/organization/{orgname}/applications/{client_id}/tokens', {
      params: { path: { orgname, client_id: clientId } }, body: { name, scope: [...chosen].join(' '), expiration: Number(days) > 0 ? Number(days) * 86_400 : null },
    }));
    await queries.invalidateQueries({ queryKey: ['application', clientId, 'tokens'] });
    onMade(token);
  };
  return (
    <Ask title={t('newToken')} action={t('makeToken')} onAction={create} onClose={onClose} ready={name.trim() !== '' && chosen.size > 0}>
      <FormGroup label={t('tokenName')} fieldId="token-name" isRequired><TextInput id="token-name" isRequired value={name} onChange={(_, value) => setName(value)} /></FormGroup>
      <FormGroup role="group" label={t('scopes')}>
        {scopes.map(([scope, words]) => (
          <Checkbox key={scope} id={`scope-${scope}`} label={`${words} (${scope})`} isChecked={chosen.has(scope)}
            onChange={(_, on) => setChosen((now) => { const next = new Set(now); if (on) next.add(scope); else next.delete(scope); return next; })} />
        ))}
      </FormGroup>
      <FormGroup label={t('days')} fieldId="token-days"><TextInput id="token-days" type="number" min={1} value={days} onChange={(_, value) => setDays(value)} /></FormGroup>
    </Ask>
  );
}
