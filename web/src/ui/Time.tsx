import { ago, exact, instant } from '../messages/format';
import { t } from './messages';

/** How long ago; the exact time, here and in UTC, on hover. */
export function Time({ at, none = t('never') }: { at: string | number | null | undefined; none?: string }) {
  const when = instant(at);
  if (when === null) return <span className="wharf-faint">{none}</span>;
  return <time dateTime={when.toISOString()} title={exact(when)}>{ago(when)}</time>;
}
