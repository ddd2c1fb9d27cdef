import { Button, Label, MenuToggle, Dropdown, DropdownItem, DropdownList, SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import LockIcon from '@patternfly/react-icons/dist/esm/icons/lock-icon';
import OutlinedStarIcon from '@patternfly/react-icons/dist/esm/icons/outlined-star-icon';
import StarIcon from '@patternfly/react-icons/dist/esm/icons/star-icon';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { api, type Schema } from '../../api/client';
import { registryHost, useMe } from '../../api/session';
import { Ask } from '../../ui/Ask';
import { Pages } from '../../ui/More';
import { usePages } from '../../ui/pages';
import { useSearch } from '../../ui/search';
import { Teach } from '../../ui/Teach';
import { Time } from '../../ui/Time';
import { useSay } from '../../ui/toasts';
import { t } from './messages';

type Listed = Schema<'ListedRepository'>;

const nameOf = (each: Listed) => `${each.namespace}/${each.name}`;

/** The repositories of one namespace, or all that the caller may see. */
export function RepositoryTable({ namespace, starred = false, actions }: { namespace?: string; starred?: boolean; actions?: ReactNode }) {
  const me = useMe();
  const say = useSay();
  const queries = useQueryClient();
  const [search, change] = useSearch();
  const filter = (search['filter'] ?? '').toLowerCase();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [menu, setMenu] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const query = usePages(['repositories', namespace ?? '', starred], (next_page, signal) => api((c) => c.GET('/api/v1/repository', {
    params: { query: { last_modified: true, ...(namespace !== undefined ? { namespace } : starred ? { starred: true } : { public: true }), ...(next_page !== undefined ? { next_page } : {}) } },
    signal,
  })));
  const refresh = () => queries.invalidateQueries({ queryKey: ['repositories'] });

  const star = async (each: Listed) => {
    const path = { repository: nameOf(each) };
    const set = (on: boolean) => on
      ? api((c) => c.POST('/api/v1/user/starred', { body: { namespace: each.namespace!, repository: each.name! } }))
      : api((c) => c.DELETE('/api/v1/user/starred/{repository}', { params: { path } }));
    try {
      await set(!each.is_starred);
      await refresh();
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };

  const forAll = async (work: (name: string) => Promise<unknown>) => {
    const names = [...chosen];
    const done = await Promise.allSettled(names.map(work));
    await refresh();
    setChosen(new Set(names.filter((_, at) => done[at]!.status === 'rejected')));
    const failed = done.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return names;
  };
  const setVisibility = async (visibility: 'public' | 'private') => {
    try {
      const names = await forAll((repository) => api((c) => c.POST('/api/v1/repository/{repository}/changevisibility', { params: { path: { repository } }, body: { visibility } })));
      say.done(t('changed', { count: names.length }));
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  const remove = async () => {
    const names = await forAll((repository) => api((c) => c.DELETE('/api/v1/repository/{repository}', { params: { path: { repository } } })));
    say.done(t('deleted', { count: names.length }), () => Promise.all(names.map((repository) =>
      api((c) => c.POST('/api/v1/repository/{repository}/restore', { params: { path: { repository } }, body: { new_name: null } })))).then(refresh));
  };

  return (
    <>
      <Toolbar clearAllFilters={() => change({ filter: undefined })}>
        <ToolbarContent>
          <ToolbarItem><SearchInput aria-label={t('filter')} placeholder={t('filter')} value={search['filter'] ?? ''} onChange={(_, value) => change({ filter: value || undefined })} onClear={() => change({ filter: undefined })} /></ToolbarItem>
          {actions}
          {chosen.size > 0 && (
            <ToolbarItem>
              <Dropdown isOpen={menu} onOpenChange={setMenu} onSelect={() => setMenu(false)} toggle={(ref) => <MenuToggle ref={ref} isExpanded={menu} onClick={() => setMenu(!menu)}>{t('selected', { count: chosen.size })}</MenuToggle>}>
                <DropdownList>
                  <DropdownItem onClick={() => void setVisibility('public')}>{t('makePublic')}</DropdownItem>
                  <DropdownItem onClick={() => void setVisibility('private')}>{t('makePrivate')}</DropdownItem>
                  <DropdownItem isDanger onClick={() => setDeleting(true)}>{t('delete')}</DropdownItem>
                </DropdownList>
              </Dropdown>
            </ToolbarItem>
          )}
        </ToolbarContent>
      </Toolbar>
      <Pages query={query} rows={(page) => page.repositories}>
        {(all) => {
          const rows = filter === '' ? all : all.filter((each) => nameOf(each).includes(filter));
          if (all.length === 0) return <Teach title={t('none')}>{me === null ? t('noneAnonymous') : t('noneBody', { host: registryHost(), namespace: namespace ?? me.username })}</Teach>;
          if (rows.length === 0) return <p className="wharf-faint">{t('noneFound')}</p>;
          return (
            <Table variant="compact" aria-label={t('title')}>
              <Thead>
                <Tr>
                  {me && <Th select={{ onSelect: (_, on) => setChosen(new Set(on ? rows.map(nameOf) : [])), isSelected: rows.every((each) => chosen.has(nameOf(each))) }} aria-label={t('selectAll')} />}
                  {me && <Th screenReaderText={t('starred')} />}
                  <Th>{t('name')}</Th><Th>{t('visibility')}</Th><Th>{t('modified')}</Th>
                </Tr>
              </Thead>
              <Tbody>
                {rows.map((each, at) => {
                  const name = nameOf(each);
                  return (
                    <Tr key={name}>
                      {me && <Td select={{ rowIndex: at, onSelect: (_, on) => setChosen((now) => { const next = new Set(now); if (on) next.add(name); else next.delete(name); return next; }), isSelected: chosen.has(name) }} />}
                      {me && <Td modifier="fitContent" className="wharf-hide-small"><Button variant="plain" size="sm" aria-pressed={each.is_starred === true} aria-label={t(each.is_starred ? 'unstar' : 'star', { name })} icon={each.is_starred ? <StarIcon /> : <OutlinedStarIcon />} onClick={() => void star(each)} /></Td>}
                      <Td dataLabel={t('name')}><Link to="/repository/$" params={{ _splat: name }}>{namespace === undefined ? name : each.name}</Link></Td>
                      <Td dataLabel={t('visibility')}>{each.is_public ? <Label isCompact color="green">{t('public')}</Label> : <Label isCompact icon={<LockIcon />}>{t('private')}</Label>}</Td>
                      <Td dataLabel={t('modified')}><Time at={each.last_modified} /></Td>
                    </Tr>
                  );
                })}
              </Tbody>
            </Table>
          );
        }}
      </Pages>
      {deleting && <Ask danger title={t('deleteTitle', { count: chosen.size })} action={t('delete')} onAction={remove} onClose={() => setDeleting(false)}>{t('deleteBody')}</Ask>}
    </>
  );
}
