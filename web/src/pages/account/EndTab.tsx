import { Button, Card, CardBody, CardTitle, FormGroup, Grid, GridItem, TextInput } from '@patternfly/react-core';
import { useState } from 'react';
import { api } from '../../api/client';
import { useMe } from '../../api/session';
import { Ask } from '../../ui/Ask';
import { t } from './messages';

/** What ends the account: it becomes an organization, or goes. */
export function EndTab() {
  const me = useMe()!;
  const [asking, setAsking] = useState<'convert' | 'delete' | null>(null);
  const [adminUser, setAdminUser] = useState('');
  const [adminPassword, setAdminPassword] = useState('');
  // The session ended with the account, so everything that is remembered goes with the page.
  const leave = () => window.location.assign('/signin');
  const convert = () => api((c) => c.POST('/api/v1/user/convert', { body: { adminUser, adminPassword } })).then(leave);
  const remove = () => api((c) => c.DELETE('/api/v1/user/')).then(leave);
  const close = () => setAsking(null);
  return (
    <Grid hasGutter>
      <GridItem lg={6}><Card isFullHeight><CardTitle component="h2">{t('convert')}</CardTitle><CardBody className="wharf-stack"><p>{t('convertBody')}</p><Button variant="secondary" onClick={() => setAsking('convert')}>{t('convert')}</Button></CardBody></Card></GridItem>
      <GridItem lg={6}><Card isFullHeight><CardTitle component="h2">{t('delete')}</CardTitle><CardBody className="wharf-stack"><p>{t('deleteBody')}</p><Button variant="danger" onClick={() => setAsking('delete')}>{t('delete')}</Button></CardBody></Card></GridItem>
      {asking === 'convert' && (
        <Ask danger typed={me.username} title={t('convert')} action={t('convert')} onAction={convert} onClose={close} ready={adminUser !== '' && adminPassword !== ''}>
          <p>{t('convertBody')}</p>
          <FormGroup label={t('adminUser')} fieldId="admin-user"><TextInput id="admin-user" autoComplete="off" value={adminUser} onChange={(_, value) => setAdminUser(value.trim())} /></FormGroup>
          <FormGroup label={t('adminPassword')} fieldId="admin-password"><TextInput id="admin-password" type="password" autoComplete="off" value={adminPassword} onChange={(_, value) => setAdminPassword(value)} /></FormGroup>
        </Ask>
      )}
      {asking === 'delete' && <Ask danger typed={me.username} title={t('deleteTitle', { name: me.username })} action={t('delete')} onAction={remove} onClose={close}><p>{t('deleteBody')}</p></Ask>}
    </Grid>
  );
}
