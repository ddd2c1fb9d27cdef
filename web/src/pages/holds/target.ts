import { date, instant } from '../../messages/format';
import { t } from './messages';
import type { Hold } from './place';

/** What a hold is on, as one writes it: acme, acme/app, acme/app:v1, alice, or the days of the audit trail. */
export function target(hold: Hold): string {
  if (hold.kind === 'audit') {
    const [from, to] = [instant(hold.from), instant(hold.to)];
    return from && to ? t('auditLine', { from: date(from), to: date(to) }) : t('audit');
  }
  return `${hold.namespace ?? ''}${hold.repository ? `/${hold.repository}` : ''}${hold.tag ? `:${hold.tag}` : ''}`;
}
