import { Button, Label, LabelGroup, Title } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '../../api/client';
import { useAttempt } from '../../ui/attempt';
import { Pages } from '../../ui/More';
import { usePages } from '../../ui/pages';
import { useSay } from '../../ui/toasts';
import { t } from './messages';

type Shown = { uuid: string; application: Schema<'AuthorizedApplication'>; scopes: Schema<'ScopeInformation'>[] };

/** Programs that act for the person, and what admins offer tokens for. */
export function AuthorizationsTab() {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const given = usePages(['authorizations'], (next_page, signal) => api((c) => c.GET('/api/v1/user/authorizations', { params: { query: next_page ? { next_page } : {} }, signal })));
  const offered = usePages(['assigned'], (next_page, signal) => api((c) => c.GET('/api/v1/user/assignedauthorization', { params: { query: next_page ? { next_page } : {} }, signal })));
  const withdraw = (each: Shown) => attempt(async () => {
    await api((c) => c.DELETE('/api/v1/user/authorizations/{access_token_uuid}', { params: { path: { access_token_uuid: each.uuid } } }));
    await queries.invalidateQueries({ queryKey: ['authorizations'] });
    say.done(t('withdrawn', { name: each.application.name }));
  });
  const decline = (each: Shown) => attempt(async () => {
    await api((c) => c.DELETE('/api/v1/user/assignedauthorization/{assigned_authorization_uuid}', { params: { path: { assigned_authorization_uuid: each.uuid } } }));
    await queries.invalidateQueries({ queryKey: ['assigned'] });
    say.done(t('declined'));
  });
  return (
    <>
      <p className="wharf-faint">{t('authorizationsHelp')}</p>
      <Pages query={given} rows={(page) => page.authorizations}>
        {(rows) => rows.length === 0 ? <p>{t('noAuthorizations')}</p> : <Applications label={t('authorizations')} rows={rows} action={(each) => <Button variant="link" isDanger isInline aria-label={t('withdrawOf', { name: each.application.name })} onClick={() => withdraw(each)}>{t('withdraw')}</Button>} />}
      </Pages>
      {(offered.data?.pages[0]?.authorizations.length ?? 0) > 0 && (
        <>
          <Title headingLevel="h2" size="lg" className="wharf-arrival">{t('waiting')}</Title>
          <p className="wharf-faint">{t('waitingHelp')}</p>
          <Pages query={offered} rows={(page) => page.authorizations}>
            {(rows) => (
              <Applications
                label={t('waiting')} rows={rows}
                action={(each) => (
                  <span className="wharf-buttons">
                    <a href={consentAddress(each)}>{t('accept')}</a>
                    <Button variant="link" isDanger isInline aria-label={t('declineOf', { name: each.application.name })} onClick={() => decline(each)}>{t('decline')}</Button>
                  </span>
                )}
              />
            )}
          </Pages>
        </>
      )}
    </>
  );
}

// Where consent is asked for is a page of the registry's own, for people who come from a program.
function consentAddress(each: Schema<'AssignmentView'>): string {
  return `/oauth/authorize?${new URLSearchParams({ client_id: each.application.clientId ?? '', redirect_uri: each.redirectUri, response_type: each.responseType, scope: each.scopes.map((scope) => scope.scope).join(' '), assignment_uuid: each.uuid }).toString()}`;
}

function Applications<T extends Shown>({ label, rows, action }: { label: string; rows: T[]; action: (row: T) => React.ReactNode }) {
  return (
    <Table variant="compact" aria-label={label}>
      <Thead><Tr><Th>{t('application')}</Th><Th>{t('scopes')}</Th><Th screenReaderText={t('actions')} /></Tr></Thead>
      <Tbody>
        {rows.map((each) => (
          <Tr key={each.uuid}>
            <Td dataLabel={t('application')}>{each.application.name} <span className="wharf-faint">{each.application.organization.name}</span>{each.application.description && <div className="wharf-faint">{each.application.description}</div>}</Td>
            <Td dataLabel={t('scopes')}><LabelGroup numLabels={8} aria-label={t('scopes')}>{each.scopes.map((scope) => <Label key={scope.scope} isCompact color={scope.dangerous ? 'red' : 'grey'}>{scope.title}</Label>)}</LabelGroup></Td>
            <Td isActionCell>{action(each)}</Td>
          </Tr>
        ))}
      </Tbody>
    </Table>
  );
}
