import { FormGroup, FormHelperText, HelperText, HelperTextItem, Switch, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { useMe } from '../../../api/session';
import { Ask } from '../../../ui/Ask';
import { useSay } from '../../../ui/toasts';
import { t } from './messages';

export const createQuota = (orgname: string, body: Schema<'NewQuota'>) => api((c) => c.POST('/api/v1/organization/{orgname}/quota', { params: { path: { orgname } }, body }));

/** Sets how much an organization may hold, or a part of it. The whole is superusers' to set, and only once. */
export function NewQuota({ orgname, hasWhole, onClose }: { orgname: string; hasWhole: boolean; onClose: () => void }) {
  const me = useMe()!;
  const say = useSay();
  const queries = useQueryClient();
  const [prefix, setPrefix] = useState('');
  const [limit, setLimit] = useState('50 GiB');
  const [warn, setWarn] = useState('80');
  const [reject, setReject] = useState(true);
  const create = async () => {
    await createQuota(orgname, {
      limit, prefix: prefix || null,
      limits: [...(Number(warn) > 0 ? [{ type: 'Warning', threshold_percent: Number(warn) }] : []), ...(reject ? [{ type: 'Reject', threshold_percent: 100 }] : [])],
    });
    await queries.invalidateQueries({ queryKey: ['usage'] });
    say.done(t('created'));
  };
  const mayBeWhole = me.super_user === true && !hasWhole;
  return (
    <Ask title={t('new')} action={t('create')} onAction={create} onClose={onClose} ready={limit.trim() !== '' && (prefix !== '' || mayBeWhole)}>
      <FormGroup label={t('prefix')} fieldId="quota-prefix" isRequired={!mayBeWhole}>
        <TextInput id="quota-prefix" isRequired={!mayBeWhole} spellCheck={false} value={prefix} onChange={(_, value) => setPrefix(value.trim())} autoFocus />
        <FormHelperText><HelperText><HelperTextItem>{t('prefixHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
      <FormGroup label={t('size')} fieldId="quota-size" isRequired>
        <TextInput id="quota-size" isRequired value={limit} onChange={(_, value) => setLimit(value)} />
        <FormHelperText><HelperText><HelperTextItem>{t('sizeHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
      <FormGroup label={t('warn')} fieldId="quota-warn"><TextInput id="quota-warn" type="number" min={1} max={100} value={warn} onChange={(_, value) => setWarn(value)} /></FormGroup>
      <Switch id="quota-reject" label={t('reject')} isChecked={reject} onChange={(_, on) => setReject(on)} />
    </Ask>
  );
}
