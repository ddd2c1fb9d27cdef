import { Link } from '@tanstack/react-router';
import { severities, SeverityLabel } from '../../../ui/severity';
import type { Tag } from './actions';
import { t } from './messages';

/** The worst that is known of what a tag names, or how far its scan is; it leads to the report. */
export function TagRisk({ tag, to }: { tag: Tag; to: string }) {
  const security = tag.details?.security;
  if (!security) return null;
  const link = (children: React.ReactNode) => <Link to="/repository/$" params={{ _splat: to }} search={{ tab: 'security' }}>{children}</Link>;
  switch (security.status) {
    case 'scanned': {
      const worst = severities.find((key) => (security[key] ?? 0) > 0);
      return link(worst ? <SeverityLabel severity={worst} count={security[worst]!} /> : security.matched ? t('scanned') : <span className="wharf-faint" title={t('unmatchedLong')}>{t('unmatched')}</span>);
    }
    case 'queued': return <span className="wharf-faint">{t('queued')}</span>;
    case 'failed': return link(t('scanFailed'));
    case 'too_large': return link(t('tooLarge'));
    default: return <span className="wharf-faint">{t('unsupported')}</span>;
  }
}
