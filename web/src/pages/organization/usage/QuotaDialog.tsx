import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { Schema } from '../../../api/client';
import { Ask } from '../../../ui/Ask';
import { useSay } from '../../../ui/toasts';
import { t } from './messages';
import { quotasOf, type Rationed } from './quotas';
import { percents, ruleOf, type Rule } from './rule';

const first: Rule = { limit: '50 GiB', warnings: [80], reject: 100 };

/** Sets or changes how much a namespace may hold, or a part of it. The whole is superusers' to set, and only once. */
export function QuotaDialog({ of, quota, mayBeWhole, children, onClose }: { of: Rationed; quota: Schema<'ShownQuota'> | null; mayBeWhole: boolean; children?: ReactNode; onClose: () => void }) {
  const say = useSay();
  const queries = useQueryClient();
  const former = quota === null ? first : ruleOf(quota);
  const [prefix, setPrefix] = useState(quota?.prefix ?? '');
  const [limit, setLimit] = useState(former.limit);
  const [warnText, setWarn] = useState(former.warnings.join(', '));
  const [rejectText, setReject] = useState(former.reject?.toString() ?? '');
  const [warnings, reject] = [percents(warnText), percents(rejectText)];
  const refresh = () => queries.invalidateQueries({ queryKey: ['usage'] });
  const save = async () => {
    const rule = { limit, warnings: warnings!, reject: reject![0] ?? null };
    try {
      if (quota === null) await quotasOf(of).create(prefix, rule);
      else await quotasOf(of).change(quota, rule);
    } finally {
      await refresh();
    }
    say.done(t(quota === null ? 'created' : 'changed'));
  };
  const wrong = <FormHelperText><HelperText><HelperTextItem variant="error">{t('noPercent')}</HelperTextItem></HelperText></FormHelperText>;
  const rejectWrong = reject === null || reject.length > 1;
  return (
    <Ask title={quota === null ? t('new') : t('editTitle', { name: prefix || t('all') })} action={t(quota === null ? 'create' : 'save')} onAction={save} onClose={onClose} ready={limit.trim() !== '' && warnings !== null && !rejectWrong && (quota !== null || prefix !== '' || mayBeWhole)}>
      {children}
      {quota === null && (
        <FormGroup label={t('prefix')} fieldId="quota-prefix" isRequired={!mayBeWhole}>
          <TextInput id="quota-prefix" isRequired={!mayBeWhole} spellCheck={false} autoCapitalize="none" value={prefix} onChange={(_, value) => setPrefix(value.trim())} />
          <FormHelperText><HelperText><HelperTextItem>{t(mayBeWhole ? 'prefixOrWhole' : 'prefixHelp')}</HelperTextItem></HelperText></FormHelperText>
        </FormGroup>
      )}
      <FormGroup label={t('size')} fieldId="quota-size" isRequired>
        <TextInput id="quota-size" isRequired value={limit} onChange={(_, value) => setLimit(value)} />
        <FormHelperText><HelperText><HelperTextItem>{t('sizeHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
      <FormGroup label={t('warn')} fieldId="quota-warn"><TextInput id="quota-warn" inputMode="numeric" validated={warnings === null ? 'error' : 'default'} value={warnText} onChange={(_, value) => setWarn(value)} />{warnings === null && wrong}</FormGroup>
      <FormGroup label={t('reject')} fieldId="quota-reject"><TextInput id="quota-reject" inputMode="numeric" validated={rejectWrong ? 'error' : 'default'} value={rejectText} onChange={(_, value) => setReject(value)} />{rejectWrong && wrong}</FormGroup>
    </Ask>
  );
}
