import { Button, Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '../../api/client';
import { useAttempt } from '../../ui/attempt';
import { Loaded } from '../../ui/Loaded';
import { Time } from '../../ui/Time';
import { useSay } from '../../ui/toasts';
import { browserName } from './browserName';
import { t } from './messages';

/** Where the person is signed in. */
export function SessionsTab() {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const query = useQuery({ queryKey: ['sessions'], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/user/sessions', { signal })) });
  const end = (each: Schema<'SessionView'>) => attempt(async () => {
    await api((c) => c.DELETE('/api/v1/user/sessions/{session}', { params: { path: { session: each.id } } }));
    if (each.current) window.location.assign('/signin');
    await queries.invalidateQueries({ queryKey: ['sessions'] });
    say.done(t('ended'));
  });
  const endAll = () => attempt(async () => {
    await api((c) => c.DELETE('/api/v1/user/sessions'));
    window.location.assign('/signin');
  });
  return (
    <>
      <Toolbar><ToolbarContent><ToolbarItem className="wharf-faint wharf-grow">{t('sessionsHelp')}</ToolbarItem><ToolbarItem align={{ default: 'alignEnd' }}><Button variant="secondary" isDanger onClick={endAll}>{t('endAll')}</Button></ToolbarItem></ToolbarContent></Toolbar>
      <Loaded query={query}>
        {({ sessions }) => (
          <Table variant="compact" aria-label={t('sessions')}>
            <Thead><Tr><Th>{t('device')}</Th><Th>{t('address')}</Th><Th>{t('created')}</Th><Th>{t('lastUsed')}</Th><Th>{t('ends')}</Th><Th screenReaderText={t('actions')} /></Tr></Thead>
            <Tbody>
              {sessions.map((each) => (
                <Tr key={each.id}>
                  <Td dataLabel={t('device')}><span title={each.user_agent}>{browserName(each.user_agent)}</span> {each.current && <Label isCompact color="blue">{t('thisOne')}</Label>}</Td>
                  <Td dataLabel={t('address')}>{each.address}</Td>
                  <Td dataLabel={t('created')}><Time at={each.created} /></Td>
                  <Td dataLabel={t('lastUsed')}><Time at={each.last_used} /></Td>
                  <Td dataLabel={t('ends')}><Time at={each.expires} /></Td>
                  <Td isActionCell><Button variant="link" isDanger isInline aria-label={t('endOf', { device: browserName(each.user_agent), address: each.address })} onClick={() => end(each)}>{t('end')}</Button></Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Loaded>
    </>
  );
}
