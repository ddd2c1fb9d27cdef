import { Button, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, Radio, TextInput } from '@patternfly/react-core';
import { useState } from 'react';
import { api } from '../../../api/client';
import { registryHost } from '../../../api/session';
import { instant, shortDigest } from '../../../messages/format';
import { Ask } from '../../../ui/Ask';
import { Code } from '../../../ui/Copy';
import { t as ui } from '../../../ui/messages';
import { useSay } from '../../../ui/toasts';
import { useTagActions, type Tag } from './actions';
import { t } from './messages';

type Props = { repository: string; tag: Tag; onClose: () => void };

export function PullCommands({ repository, tag, onClose }: Props) {
  const image = `${registryHost()}/${repository}`;
  const forms = [[t('byTag'), `${image}:${tag.name}`], [t('byDigest'), `${image}@${tag.manifest_digest}`]] as const;
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="pull-title">
      <ModalHeader title={t('pullTitle', { tag: tag.name! })} labelId="pull-title" />
      <ModalBody>
        {forms.map(([name, reference]) => (
          <section key={name} className="wharf-commands">
            <h2>{name}</h2>
            <Code what="podman" text={`podman pull ${reference}`} />
            <Code what="docker" text={`docker pull ${reference}`} />
            <Code what="skopeo" text={`skopeo copy docker://${reference} oci:${repository.split('/').at(-1)}`} />
          </section>
        ))}
      </ModalBody>
      <ModalFooter><Button onClick={onClose}>{ui('close')}</Button></ModalFooter>
    </Modal>
  );
}

export function AddTag({ repository, tag, onClose }: Props) {
  const say = useSay();
  const { refresh } = useTagActions(repository, () => {});
  const [name, setName] = useState('');
  const add = async () => {
    await api((c) => c.PUT('/api/v1/repository/{repository}/tag/{tag}', { params: { path: { repository, tag: name } }, body: { manifest_digest: tag.manifest_digest! } }));
    await refresh();
    say.done(t('added', { tag: name }));
  };
  return (
    <Ask title={t('addTagTitle', { digest: shortDigest(tag.manifest_digest!) })} action={t('add')} onAction={add} onClose={onClose} ready={name !== ''}>
      <FormGroup label={t('newTag')} fieldId="new-tag"><TextInput id="new-tag" value={name} onChange={(_, value) => setName(value.trim())} spellCheck={false} autoCapitalize="none" /></FormGroup>
    </Ask>
  );
}

export function PurgeTag({ repository, tag, onClose }: Props) {
  const say = useSay();
  const { refresh } = useTagActions(repository, () => {});
  const purge = async () => {
    await api((c) => c.POST('/api/v1/repository/{repository}/tag/{tag}/expire', { params: { path: { repository, tag: tag.name! } }, body: { manifest_digest: tag.manifest_digest!, include_submanifests: false, is_alive: true } }));
    await refresh();
    say.done(t('purged', { tag: tag.name! }));
  };
  return <Ask danger typed={tag.name!} title={t('purgeTitle', { tag: tag.name! })} action={t('purge')} onAction={purge} onClose={onClose}><p>{t('purgeBody')}</p></Ask>;
}

export function Expiration({ repository, tags, onClose }: { repository: string; tags: Tag[]; onClose: () => void }) {
  const say = useSay();
  const { refresh } = useTagActions(repository, () => {});
  const current = instant(tags[0]!.expiration);
  const [never, setNever] = useState(current === null);
  const [when, setWhen] = useState(localInput(current ?? new Date(Date.now() + 14 * 86_400_000)));
  const set = async () => {
    const expiration = never ? null : Math.round(new Date(when).getTime() / 1000);
    for (const tag of tags)
      await api((c) => c.PUT('/api/v1/repository/{repository}/tag/{tag}', { params: { path: { repository, tag: tag.name! } }, body: { expiration } as never }));
    await refresh();
    say.done(t('expirationSet'));
  };
  return (
    <Ask title={t('expirationTitle')} action={t('set')} onAction={set} onClose={onClose}>
      <p>{t('expirationBody')}</p>
      <Radio id="expire-never" name="expire" label={t('noExpiration')} isChecked={never} onChange={() => setNever(true)} />
      <Radio id="expire-at" name="expire" label={t('at')} isChecked={!never} onChange={() => setNever(false)} body={<TextInput type="datetime-local" aria-label={t('at')} value={when} onChange={(_, value) => { setWhen(value); setNever(false); }} />} />
    </Ask>
  );
}

function localInput(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
