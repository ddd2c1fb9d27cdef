import { Card, CardBody, CardTitle, Label, PageSection, SearchInput } from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { api, type Schema } from '../../api/client';
import { shortDigest } from '../../messages/format';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/PageHead';
import { Picture } from '../../ui/Picture';
import { useSearch } from '../../ui/search';
import { Teach } from '../../ui/Teach';
import { Time } from '../../ui/Time';
import { groups } from './groups';
import { t } from './messages';

type Thing = Schema<'ShownThing'>;

const known = ['repository', 'organization', 'team', 'robot', 'user', 'tag', 'manifest', 'external'] as const;

/** All that was found for ?q=, by kind. The arrow keys go from hit to hit. */
export function SearchPage() {
  const [search, change] = useSearch();
  const asked = (search['q'] ?? '').trim();
  const [text, setText] = useState(asked);
  useEffect(() => setText((now) => now.trim() === asked ? now : asked), [asked]);
  useEffect(() => {
    if (text.trim() === asked) return;
    const timer = setTimeout(() => change({ q: text.trim() || undefined }), 250);
    return () => clearTimeout(timer);
  }, [text, asked, change]);
  const query = useQuery({
    queryKey: ['find', asked], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/find/all', { params: { query: { query: asked } }, signal })), enabled: asked !== '', placeholderData: keepPreviousData,
  });
  return (
    <>
      <PageHead title={t('title')} />
      <PageSection onKeyDown={walk}>
        <form role="search" className="wharf-narrow" onSubmit={(e) => { e.preventDefault(); change({ q: text.trim() || undefined }, false); }}>
          <SearchInput aria-label={t('label')} placeholder={t('placeholder')} value={text} onChange={(_, value) => setText(value)} onClear={() => setText('')} autoFocus />
        </form>
        {asked === '' ? <Teach title={t('start')}>{t('startBody')}</Teach> : (
          <Loaded query={query}>
            {({ results }) => results.length === 0 ? <Teach title={t('none', { query: asked })}>{t('noneBody')}</Teach> : (
              <div className="wharf-hits">
                {groups(results).map(([kind, things]) => (
                  <Card key={kind}>
                    <CardTitle component="h2">{known.includes(kind as never) ? t(kind as (typeof known)[number]) : kind}</CardTitle>
                    <CardBody><ul className="wharf-policies">{things.map((each) => <Hit key={`${each.href} ${each.name}`} thing={each} />)}</ul></CardBody>
                  </Card>
                ))}
              </div>
            )}
          </Loaded>
        )}
      </PageSection>
    </>
  );
}

function Hit({ thing }: { thing: Thing }) {
  const within = thing.repository ?? thing.namespace?.name ?? thing.organization?.name;
  const name = thing.name.startsWith('sha256:') ? shortDigest(thing.name) : thing.name;
  return (
    <li className="wharf-row">
      <span className="wharf-who">
        {thing.avatar && <Picture avatar={thing.avatar} />}
        <Link to={thing.href} data-hit>{within ? `${within}${thing.kind === 'tag' ? ':' : thing.kind === 'manifest' ? '@' : '/'}` : ''}{name}</Link>
        {thing.kind === 'repository' && <Label isCompact>{t(thing.is_public ? 'public' : 'private')}</Label>}
      </span>
      <span className="wharf-faint">
        {thing.description?.split('\n')[0]?.slice(0, 120)} {thing.stars ? t('stars', { count: thing.stars }) : ''} {thing.last_modified ? <Time at={thing.last_modified} /> : ''}
      </span>
    </li>
  );
}

function walk(e: React.KeyboardEvent<HTMLElement>) {
  if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
  const hits = [...e.currentTarget.querySelectorAll<HTMLElement>('a[data-hit], input')];
  const at = hits.indexOf(document.activeElement as HTMLElement);
  const next = hits[at + (e.key === 'ArrowDown' ? 1 : -1)];
  if (at < 0 || next === undefined) return;
  e.preventDefault();
  next.focus();
}
