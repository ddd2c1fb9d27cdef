import { Button, FormGroup, Label, TextInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../api/client';
import { Ask } from '../../ui/Ask';
import { useAttempt } from '../../ui/attempt';
import { Code } from '../../ui/Copy';
import { Pages } from '../../ui/More';
import { Once } from '../../ui/Once';
import { usePages } from '../../ui/pages';
import { Teach } from '../../ui/Teach';
import { Time } from '../../ui/Time';
import { useSay } from '../../ui/toasts';
import { t } from './messages';

type Key = Schema<'ServiceKeyView'>;

const nameOf = (key: Key) => key.name || key.kid.slice(0, 12);

export function KeysTab({ canChange }: { canChange: boolean }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<Schema<'CreatedServiceKey'> | null>(null);
  const [removing, setRemoving] = useState<Key | null>(null);
  const query = usePages(['superuser', 'keys'], (next_page, signal) => api((c) => c.GET('/api/v1/superuser/keys', { params: { query: next_page ? { next_page } : {} }, signal })));
  const refresh = () => queries.invalidateQueries({ queryKey: ['superuser', 'keys'] });
  const approve = (key: Key) => attempt(async () => {
    await api((c) => c.POST('/api/v1/superuser/approvedkeys/{kid}', { params: { path: { kid: key.kid } }, body: { notes: '' } }));
    await refresh();
    say.done(t('approved'));
  });
  const remove = async () => {
    await api((c) => c.DELETE('/api/v1/superuser/keys/{kid}', { params: { path: { kid: removing!.kid } } }));
    await refresh();
    say.done(t('keyDeleted'));
  };
  const make = canChange && <Button onClick={() => setMaking(true)}>{t('newKey')}</Button>;
  return (
    <>
      <Pages query={query} rows={(page) => page.keys}>
        {(rows) => rows.length === 0 ? <Teach title={t('noKeys')} actions={make}>{t('noKeysBody')}</Teach> : (
          <>
            <Toolbar><ToolbarContent><ToolbarItem align={{ default: 'alignEnd' }}>{make}</ToolbarItem></ToolbarContent></Toolbar>
            <Table variant="compact" aria-label={t('keys')}>
              <Thead><Tr><Th>{t('service')}</Th><Th>{t('keyId')}</Th><Th>{t('approval')}</Th><Th>{t('created')}</Th><Th>{t('expires')}</Th>{canChange && <Th screenReaderText={t('actions')} />}</Tr></Thead>
              <Tbody>
                {rows.map((each) => (
                  <Tr key={each.kid}>
                    <Td dataLabel={t('service')}>{each.service}</Td>
                    <Td dataLabel={t('keyId')}><span title={each.kid}>{nameOf(each)}</span></Td>
                    <Td dataLabel={t('approval')}>{each.approval ? <><Time at={each.approval.approved_date} /> {each.approval.approver?.username}</> : <Label isCompact color="orange">{t('notApproved')}</Label>}</Td>
                    <Td dataLabel={t('created')}><Time at={each.created_date} /></Td>
                    <Td dataLabel={t('expires')}><Time at={each.expiration_date} /></Td>
                    {canChange && (
                      <Td isActionCell>
                        <span className="wharf-buttons">
                          {!each.approval && <Button variant="link" isInline aria-label={t('approveOf', { name: nameOf(each) })} onClick={() => approve(each)}>{t('approve')}</Button>}
                          <Button variant="link" isInline isDanger aria-label={t('deleteOf', { name: nameOf(each) })} onClick={() => setRemoving(each)}>{t('delete')}</Button>
                        </span>
                      </Td>
                    )}
                  </Tr>
                ))}
              </Tbody>
            </Table>
          </>
        )}
      </Pages>
      {making && <NewKey onMade={async (key) => { await refresh(); setMade(key); }} onClose={() => setMaking(false)} />}
      {made && <Once title={t('keyMade', { service: made.service })} onClose={() => setMade(null)}><FormGroup role="group" label={t('keyId')}><Code text={made.kid} what={t('keyId')} /></FormGroup><FormGroup role="group" label={t('privateKey')}><Code text={made.private_key} what={t('privateKey')} /></FormGroup></Once>}
      {removing && <Ask danger title={t('deleteTitle', { name: nameOf(removing) })} action={t('delete')} onAction={remove} onClose={() => setRemoving(null)}><p>{t('keyDeleteBody')}</p></Ask>}
    </>
  );
}

function NewKey({ onMade, onClose }: { onMade: (key: Schema<'CreatedServiceKey'>) => Promise<unknown>; onClose: () => void }) {
  const [service, setService] = useState('');
  const [name, setName] = useState('');
  const [days, setDays] = useState('365');
  const create = async () => onMade(await api((c) => c.POST('/api/v1/superuser/keys', { body: { service, name, expiration: Number(days) > 0 ? Math.floor(Date.now() / 1000) + Number(days) * 86_400 : null } })));
  return (
    <Ask title={t('newKey')} action={t('create')} onAction={create} onClose={onClose} ready={service !== ''}>
      <FormGroup label={t('service')} fieldId="key-service" isRequired><TextInput id="key-service" isRequired autoCapitalize="none" spellCheck={false} value={service} onChange={(_, value) => setService(value.trim())} /></FormGroup>
      <FormGroup label={t('keyName')} fieldId="key-name"><TextInput id="key-name" value={name} onChange={(_, value) => setName(value)} /></FormGroup>
      <FormGroup label={t('keyDays')} fieldId="key-days"><TextInput id="key-days" type="number" min={1} value={days} onChange={(_, value) => setDays(value)} /></FormGroup>
    </Ask>
  );
}
