import { Link } from '@tanstack/react-router';
import { api, type Schema } from '../../../api/client';
import { Pages } from '../../../ui/More';
import { usePages } from '../../../ui/pages';
import { Teach } from '../../../ui/Teach';
import { Time } from '../../../ui/Time';
import { t } from './messages';

/** Nothing is known: what that rests on, since it is worth as much as what was looked at and with what. */
export function NoFindings({ repository, digest, report }: { repository: string; digest: string; report: Schema<'ManifestReport'> }) {
  const query = usePages(['packages', repository, digest, ''], (next_page, signal) => api((c) => c.GET('/api/v1/repository/{repository}/manifest/{manifestref}/packages', {
    params: { path: { repository, manifestref: digest }, query: { limit: 200, ...(next_page ? { next_page } : {}) } }, signal,
  })));
  const packages = <Link to="." search={((now: object) => ({ ...now, tab: 'packages' })) as never}>{t('seePackages')}</Link>;
  return (
    <Pages query={query} rows={(page) => page.packages} withButton={false}>
      {(rows) => {
        if (report.feeds.length === 0) return <Teach title={t('noData')} actions={packages}>{t('noDataBody')}</Teach>;
        if (rows.length === 0) return <Teach title={t('nothingToMatch')}>{t('nothingToMatchBody')}</Teach>;
        return (
          <Teach title={t('none')} actions={packages}>
            <p>{report.warnings.length > 0 ? t('lookedAtSome') : t(query.hasNextPage ? 'lookedAtMore' : 'lookedAt', { count: rows.length })}</p>
            <ul className="wharf-feeds">{report.feeds.map((each) => <li key={each.name}>{each.name}, <Time at={each.date} /></li>)}</ul>
          </Teach>
        );
      }}
    </Pages>
  );
}
