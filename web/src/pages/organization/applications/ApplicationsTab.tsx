import { Button, FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { Ask } from '../../../ui/Ask';
import { Copy } from '../../../ui/Copy';
import { Listing } from '../../../ui/Listing';
import { usePages } from '../../../ui/pages';
import { useSay } from '../../../ui/toasts';
import { ApplicationDialog } from './ApplicationDialog';
import { t } from './messages';

type Application = Schema<'ApplicationView'>;

export function ApplicationsTab({ orgname }: { orgname: string }) {
  const say = useSay();
  const queries = useQueryClient();
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<string | null>(null);
  const [removing, setRemoving] = useState<Application | null>(null);
  const query = usePages(['applications', orgname], (next_page, signal) => api((c) => c.GET('/api/v1/organization/{orgname}/applications', { params: { path: { orgname }, query: next_page ? { next_page } : {} }, signal })));
  const refresh = () => queries.invalidateQueries({ queryKey: ['applications', orgname] });
  const remove = async () => {
    await api((c) => c.DELETE('/api/v1/organization/{orgname}/applications/{client_id}', { params: { path: { orgname, client_id: removing!.client_id } } }));
    await refresh();
    say.done(t('removed', { name: removing!.name }));
  };
  return (
    <>
      <Listing
        query={query} rows={(page) => page.applications} rowKey={(each) => each.client_id} title={t('title')} help={t('help')} empty={{ title: t('none'), body: t('noneBody') }}
        make={<Button onClick={() => setMaking(true)}>{t('new')}</Button>}
        columns={[
          { title: t('application'), cell: (each) => <><Button variant="link" isInline onClick={() => setShown(each.client_id)}>{each.name}</Button>{each.description && <div className="wharf-faint">{each.description}</div>}</> },
          { title: t('clientId'), cell: (each) => <span className="wharf-digest"><code>{each.client_id}</code><Copy text={each.client_id} what={t('clientId')} /></span> },
        ]}
        actions={(each) => (
          <>
            <Button variant="link" isInline aria-label={t('openOf', { name: each.name })} onClick={() => setShown(each.client_id)}>{t('open')}</Button>
            <Button variant="link" isInline isDanger aria-label={t('removeOf', { name: each.name })} onClick={() => setRemoving(each)}>{t('remove')}</Button>
          </>
        )}
      />
      {making && <NewApplication orgname={orgname} onMade={async (made) => { await refresh(); setShown(made.client_id); }} onClose={() => setMaking(false)} />}
      {shown && <ApplicationDialog orgname={orgname} clientId={shown} onClose={() => setShown(null)} />}
      {removing && <Ask danger typed={removing.name} title={t('removeTitle', { name: removing.name })} action={t('remove')} onAction={remove} onClose={() => setRemoving(null)}><p>{t('removeBody')}</p></Ask>}
    </>
  );
}

function NewApplication({ orgname, onMade, onClose }: { orgname: string; onMade: (made: Application) => Promise<unknown>; onClose: () => void }) {
  const say = useSay();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [uri, setUri] = useState('');
  const [redirect, setRedirect] = useState('');
  const create = async () => {
    const made = await api((c) => c.POST('/api/v1/organization/{orgname}/applications', { params: { path: { orgname } }, body: { name, description, application_uri: uri, redirect_uri: redirect } }));
    say.done(t('created', { name }));
    await onMade(made);
  };
  return (
    <Ask title={t('new')} action={t('create')} onAction={create} onClose={onClose} ready={name.trim() !== ''}>
      <FormGroup label={t('name')} fieldId="application-name" isRequired><TextInput id="application-name" isRequired value={name} onChange={(_, value) => setName(value)} /></FormGroup>
      <FormGroup label={t('description')} fieldId="application-description"><TextInput id="application-description" value={description} onChange={(_, value) => setDescription(value)} /></FormGroup>
      <FormGroup label={t('uri')} fieldId="application-uri"><TextInput id="application-uri" type="url" value={uri} onChange={(_, value) => setUri(value.trim())} /></FormGroup>
      <FormGroup label={t('redirect')} fieldId="application-redirect">
        <TextInput id="application-redirect" type="url" value={redirect} onChange={(_, value) => setRedirect(value.trim())} />
        <FormHelperText><HelperText><HelperTextItem>{t('redirectHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
    </Ask>
  );
}
