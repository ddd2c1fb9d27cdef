import { Button } from '@patternfly/react-core';
import type { Schema } from '../../api/client';
import { useAttempt } from '../../ui/attempt';
import { useSay } from '../../ui/toasts';
import { QuotaDialog } from '../organization/usage/QuotaDialog';
import { quotasOf } from '../organization/usage/quotas';
import { ruleOf } from '../organization/usage/rule';
import { t } from './messages';

/** How much a person may hold: sets it, changes it, or takes it away. */
export function UserQuota({ username, quota, onClose }: { username: string; quota: Schema<'ShownQuota'> | null; onClose: () => void }) {
  const say = useSay();
  const attempt = useAttempt();
  const operations = quotasOf({ person: username });
  const remove = (former: Schema<'ShownQuota'>) => attempt(async () => {
    await operations.remove(former.id);
    onClose();
    say.done(t('quotaRemoved', { name: username }), () => operations.create(former.prefix ?? '', ruleOf(former)));
  });
  return (
    <QuotaDialog of={{ person: username }} quota={quota} mayBeWhole onClose={onClose}>
      <p>{t('quotaOf', { name: username })}</p>
      {quota && <div><Button variant="link" isInline isDanger onClick={() => remove(quota)}>{t('removeQuota')}</Button></div>}
    </QuotaDialog>
  );
}
