import { Button, FormGroup, TextInput } from '@patternfly/react-core';
import { useState } from 'react';
import { api } from '../../api/client';
import { registryHost, useMe } from '../../api/session';
import { Ask } from '../../ui/Ask';
import { Code } from '../../ui/Copy';
import { t } from './messages';

/** The password in a form that is of no use elsewhere. */
export function EncryptedTab() {
  const me = useMe()!;
  const [asking, setAsking] = useState(false);
  const [password, setPassword] = useState('');
  const [key, setKey] = useState<string | null>(null);
  const make = async () => {
    setKey((await api((c) => c.POST('/api/v1/user/clientkey', { body: { password } }))).key);
    setPassword('');
  };
  return (
    <div className="wharf-narrow wharf-commands">
      <p>{t('encryptedHelp')}</p>
      {key === null ? <div><Button onClick={() => setAsking(true)}>{t('makeEncrypted')}</Button></div> : (
        <>
          <Code text={key} what={t('encrypted')} />
          <Code text={`printf %s '${key}' | podman login -u '${me.username}' --password-stdin ${registryHost()}`} what={t('podman')} />
          <Code text={`printf %s '${key}' | docker login -u '${me.username}' --password-stdin ${registryHost()}`} what={t('docker')} />
        </>
      )}
      {asking && (
        <Ask title={t('encrypted')} action={t('makeEncrypted')} onAction={make} onClose={() => setAsking(false)} ready={password !== ''}>
          <FormGroup label={t('yourPassword')} fieldId="encrypt-password"><TextInput id="encrypt-password" type="password" autoComplete="current-password" value={password} onChange={(_, value) => setPassword(value)} /></FormGroup>
        </Ask>
      )}
    </div>
  );
}
