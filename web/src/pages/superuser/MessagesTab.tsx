import { Button, FormGroup, FormSelect, FormSelectOption, Label, TextArea, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../api/client';
import { Ask } from '../../ui/Ask';
import { useAttempt } from '../../ui/attempt';
import { Loaded } from '../../ui/Loaded';
import { Teach } from '../../ui/Teach';
import { useSay } from '../../ui/toasts';
import { t } from './messages';

type Severity = 'info' | 'warning' | 'error';
type Message = Schema<'GlobalMessage'>;

const colours = { info: 'blue', warning: 'orange', error: 'red' } as const;

/** What stands on top of every page. */
export function MessagesTab({ canChange }: { canChange: boolean }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const query = useQuery({ queryKey: ['messages'], queryFn: () => api((c) => c.GET('/api/v1/messages')), staleTime: 60_000 });
  const refresh = () => queries.invalidateQueries({ queryKey: ['messages'] });
  const publish = async ({ content, media_type, severity }: Omit<Message, 'uuid'>) => {
    await api((c) => c.POST('/api/v1/messages', { body: { message: { content, media_type, severity } } }));
    await refresh();
  };
  const remove = (message: Message) => attempt(async () => {
    await api((c) => c.DELETE('/api/v1/message/{uuid}', { params: { path: { uuid: message.uuid } } }));
    await refresh();
    say.done(t('messageDeleted'), () => publish(message));
  });
  const make = canChange && <Button onClick={() => setMaking(true)}>{t('newMessage')}</Button>;
  return (
    <>
      <Loaded query={query}>
        {({ messages }) => messages.length === 0 ? <Teach title={t('noMessages')} actions={make}>{t('noMessagesBody')}</Teach> : (
          <>
            <Toolbar><ToolbarContent><ToolbarItem align={{ default: 'alignEnd' }}>{make}</ToolbarItem></ToolbarContent></Toolbar>
            <Table variant="compact" aria-label={t('messages')}>
              <Thead><Tr><Th>{t('text')}</Th><Th>{t('severity')}</Th>{canChange && <Th screenReaderText={t('actions')} />}</Tr></Thead>
              <Tbody>
                {messages.map((each) => (
                  <Tr key={each.uuid}>
                    <Td dataLabel={t('text')}>{each.content}</Td>
                    <Td dataLabel={t('severity')}><Label isCompact color={colours[each.severity as Severity]}>{t(`severity_${each.severity as Severity}`)}</Label></Td>
                    {canChange && <Td isActionCell><Button variant="link" isInline isDanger aria-label={t('deleteOf', { name: each.content.slice(0, 40) })} onClick={() => remove(each)}>{t('delete')}</Button></Td>}
                  </Tr>
                ))}
              </Tbody>
            </Table>
          </>
        )}
      </Loaded>
      {making && <NewMessage publish={publish} onClose={() => setMaking(false)} />}
    </>
  );
}

function NewMessage({ publish, onClose }: { publish: (message: Omit<Message, 'uuid'>) => Promise<void>; onClose: () => void }) {
  const say = useSay();
  const [content, setContent] = useState('');
  const [severity, setSeverity] = useState<Severity>('info');
  const send = async () => {
    await publish({ content, media_type: 'text/plain', severity });
    say.done(t('published'));
  };
  return (
    <Ask title={t('newMessage')} action={t('publish')} onAction={send} onClose={onClose} ready={content.trim() !== ''}>
      <FormGroup label={t('text')} fieldId="message-text" isRequired><TextArea id="message-text" isRequired value={content} onChange={(_, value) => setContent(value)} resizeOrientation="vertical" /></FormGroup>
      <FormGroup label={t('severity')} fieldId="message-severity">
        <FormSelect id="message-severity" value={severity} onChange={(_, value) => setSeverity(value as Severity)}>
          {(['info', 'warning', 'error'] as const).map((each) => <FormSelectOption key={each} value={each} label={t(`severity_${each}`)} />)}
        </FormSelect>
      </FormGroup>
    </Ask>
  );
}
