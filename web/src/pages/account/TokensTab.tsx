import { Button, FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../api/client';
import { registryHost } from '../../api/session';
import { Ask } from '../../ui/Ask';
import { useAttempt } from '../../ui/attempt';
import { Code } from '../../ui/Copy';
import { Loaded } from '../../ui/Loaded';
import { Once } from '../../ui/Once';
import { Teach } from '../../ui/Teach';
import { Time } from '../../ui/Time';
import { useSay } from '../../ui/toasts';
import { t } from './messages';

type Token = Schema<'AppTokenView'>;

/** Passwords for programs, in place of the person's own. */
export function TokensTab() {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Token | null>(null);
  const query = useQuery({ queryKey: ['apptokens'], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/user/apptoken', { signal })) });
  const revoke = (token: Token) => attempt(async () => {
    await api((c) => c.DELETE('/api/v1/user/apptoken/{uuid}', { params: { path: { uuid: token.uuid } } }));
    await queries.invalidateQueries({ queryKey: ['apptokens'] });
    say.done(t('revoked', { name: token.title }));
  });
  const make = <Button onClick={() => setMaking(true)}>{t('newToken')}</Button>;
  return (
    <>
      <Loaded query={query}>
        {({ tokens }) => tokens.length === 0 ? <Teach title={t('noTokens')} actions={make}>{t('tokensHelp')}</Teach> : (
          <>
            <Toolbar><ToolbarContent><ToolbarItem className="wharf-faint wharf-grow">{t('tokensHelp')}</ToolbarItem><ToolbarItem align={{ default: 'alignEnd' }}>{make}</ToolbarItem></ToolbarContent></Toolbar>
            <Table variant="compact" aria-label={t('tokens')}>
              <Thead><Tr><Th>{t('name')}</Th><Th>{t('created')}</Th><Th>{t('lastUsed')}</Th><Th>{t('ends')}</Th><Th screenReaderText={t('actions')} /></Tr></Thead>
              <Tbody>
                {tokens.map((each) => (
                  <Tr key={each.uuid}>
                    <Td dataLabel={t('name')}>{each.title}</Td>
                    <Td dataLabel={t('created')}><Time at={each.created} /></Td>
                    <Td dataLabel={t('lastUsed')}><Time at={each.last_accessed} /></Td>
                    <Td dataLabel={t('ends')}><Time at={each.expiration} /></Td>
                    <Td isActionCell><Button variant="link" isDanger isInline aria-label={t('revokeOf', { name: each.title })} onClick={() => revoke(each)}>{t('revoke')}</Button></Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          </>
        )}
      </Loaded>
      {making && <NewToken onMade={setMade} onClose={() => setMaking(false)} />}
      {made && (
        <Once title={made.title} onClose={() => setMade(null)}>
          <FormGroup role="group" label={t('user')}><Code text="$app" what={t('user')} /></FormGroup>
          <FormGroup role="group" label={t('token')}><Code text={made.token_code ?? ''} what={t('token')} /></FormGroup>
          {(['podman', 'docker'] as const).map((program) => <FormGroup key={program} role="group" label={t(program)}><Code text={`printf %s '${made.token_code}' | ${program} login -u '$app' --password-stdin ${registryHost()}`} what={t(program)} /></FormGroup>)}
        </Once>
      )}
    </>
  );
}

function NewToken({ onMade, onClose }: { onMade: (token: Token) => void; onClose: () => void }) {
  const queries = useQueryClient();
  const [title, setTitle] = useState('');
  const [expires, setExpires] = useState('');
  const create = async () => {
    const { token } = await api((c) => c.POST('/api/v1/user/apptoken', { body: { title, ...(expires ? { expiration: Math.floor(new Date(`${expires}T00:00:00`).getTime() / 1000) } : {}) } }));
    await queries.invalidateQueries({ queryKey: ['apptokens'] });
    onMade(token);
  };
  return (
    <Ask title={t('newToken')} action={t('create')} onAction={create} onClose={onClose} ready={title.trim() !== ''}>
      <FormGroup label={t('tokenTitle')} fieldId="token-title" isRequired>
        <TextInput id="token-title" isRequired value={title} onChange={(_, value) => setTitle(value)} />
        <FormHelperText><HelperText><HelperTextItem>{t('tokenTitleHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
      <FormGroup label={t('expires')} fieldId="token-expires">
        <TextInput id="token-expires" type="date" value={expires} onChange={(_, value) => setExpires(value)} />
        <FormHelperText><HelperText><HelperTextItem>{t('expiresHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
    </Ask>
  );
}
