import { Button, Grid, GridItem, Label, ProgressStep, ProgressStepper, SearchInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../../api/client';
import { date, shortDigest } from '../../../messages/format';
import { Pages } from '../../../ui/More';
import { usePages } from '../../../ui/pages';
import { useSearch } from '../../../ui/search';
import { Time } from '../../../ui/Time';
import { useSay } from '../../../ui/toasts';
import { referencePath } from '../address';
import type { Repository } from '../queries';
import { AsOf } from './AsOf';
import { t } from './messages';
import { story, type Happening } from './story';

/** What happened to the tags, as a timeline from which each former state can be restored, beside a look at the whole as of a time. */
export function HistoryTab({ shown }: { shown: Repository }) {
  const repository = `${shown.namespace}/${shown.name}`;
  const [search, change] = useSearch();
  const [text, setText] = useState(search['tag'] ?? '');
  const tag = search['tag'];
  const query = usePages(['history', repository, tag ?? ''], (next_page, signal) => api((c) => c.GET('/api/v1/repository/{repository}/tag', {
    params: { path: { repository }, query: { onlyActiveTags: false, limit: 100, ...(tag ? { specificTag: tag } : {}), ...(next_page ? { next_page } : {}) } },
    signal,
  })));
  return (
    <Grid hasGutter>
      <GridItem lg={8}>
        <form onSubmit={(e) => { e.preventDefault(); change({ tag: text || undefined }); }} className="wharf-narrow">
          <SearchInput aria-label={t('filter')} placeholder={t('filter')} value={text} onChange={(_, value) => setText(value)} onSearch={() => change({ tag: text || undefined })} onClear={() => { setText(''); change({ tag: undefined }); }} />
        </form>
        <Pages query={query} rows={(page) => page.tags}>
          {(lifetimes) => {
            const told = story(lifetimes, Date.now() / 1000);
            if (told.length === 0) return <p className="wharf-faint wharf-more">{t('none')}</p>;
            return <Timeline repository={repository} told={told} canWrite={shown.can_write === true} />;
          }}
        </Pages>
      </GridItem>
      <GridItem lg={4}><AsOf shown={shown} /></GridItem>
    </Grid>
  );
}

const looks = { pushed: 'success', moved: 'info', restored: 'info', removed: 'danger', expired: 'warning' } as const;

function Timeline({ repository, told, canWrite }: { repository: string; told: Happening[]; canWrite: boolean }) {
  const days = new Map<string, Happening[]>();
  for (const each of told) {
    const day = date(new Date(each.at * 1000));
    days.set(day, [...(days.get(day) ?? []), each]);
  }
  return [...days].map(([day, all]) => (
    <section key={day}>
      <h2 className="wharf-day">{day}</h2>
      <ProgressStepper isVertical aria-label={day}>
        {all.map((each) => (
          <ProgressStep key={each.key} id={`step-${each.key}`} titleId={`title-${each.key}`} variant={looks[each.what]} aria-label={t(each.what, { tag: each.tag })} description={<Detail repository={repository} each={each} canWrite={canWrite} />}>
            {t(each.what, { tag: each.tag })}
          </ProgressStep>
        ))}
      </ProgressStepper>
    </section>
  ));
}

function Detail({ repository, each, canWrite }: { repository: string; each: Happening; canWrite: boolean }) {
  const say = useSay();
  const queries = useQueryClient();
  const isPast = each.lifetime.end_ts !== undefined && each.lifetime.end_ts !== null && each.lifetime.end_ts * 1000 <= Date.now();
  const restore = async () => {
    try {
      await api((c) => c.POST('/api/v1/repository/{repository}/tag/{tag}/restore', { params: { path: { repository, tag: each.tag } }, body: { manifest_digest: each.digest } }));
      await Promise.all([queries.invalidateQueries({ queryKey: ['history', repository] }), queries.invalidateQueries({ queryKey: ['tags', repository] })]);
      say.done(t('done', { tag: each.tag, digest: shortDigest(each.digest) }));
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  return (
    <>
      <Time at={each.at} />{each.by && <> {t('by', { name: each.by })}</>} ·{' '}
      {isPast ? <code>{shortDigest(each.digest)}</code> : <Link to="/repository/$" params={{ _splat: referencePath(repository, each.digest) }}><code>{shortDigest(each.digest)}</code></Link>}{' '}
      {canWrite && isPast && (each.lifetime.restorable
        ? <Button variant="link" isInline aria-label={t('restoreThis', { tag: each.tag })} onClick={() => void restore()}>{t('restore')}</Button>
        : <Label isCompact color="grey">{t('gone')}</Label>)}
    </>
  );
}
