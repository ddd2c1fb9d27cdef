import { Checkbox, Dropdown, DropdownItem, DropdownList, Label, MenuToggle, SearchInput, Toolbar, ToolbarContent, ToolbarItem, Tooltip } from '@patternfly/react-core';
import EllipsisVIcon from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import GavelIcon from '@patternfly/react-icons/dist/esm/icons/gavel-icon';
import LockIcon from '@patternfly/react-icons/dist/esm/icons/lock-icon';
import { Link, useNavigate } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { api } from '../../../api/client';
import { registryHost, useMe } from '../../../api/session';
import { bytes } from '../../../messages/format';
import { Code, DigestText } from '../../../ui/Copy';
import { Pages } from '../../../ui/More';
import { usePages } from '../../../ui/pages';
import { useSearch, useTyped } from '../../../ui/search';
import { Teach } from '../../../ui/Teach';
import { Time } from '../../../ui/Time';
import { NewHold } from '../../holds/NewHold';
import { referencePath } from '../address';
import type { Repository } from '../queries';
import { t } from './messages';
import { AddTag, Expiration, PullCommands, PurgeTag } from './dialogs';
import { TagRisk } from './TagRisk';
import { tracks, type TrackPart } from './tracks';
import { Tracks } from './Tracks';
import { type Tag, useTagActions } from './actions';

type Dialog = { kind: 'pull' | 'add' | 'hold' | 'purge'; tag: Tag } | { kind: 'expire'; tags: Tag[] };

const rowHeight = 44;

/** All tags of a repository, however many: only the rows that are seen are drawn, and further ones come as one scrolls. */
export function TagsTab({ shown }: { shown: Repository }) {
  const repository = `${shown.namespace}/${shown.name}`;
  const [search] = useSearch();
  const [text, setText] = useTyped('filter');
  const [chosen, setChosen] = useState<ReadonlyMap<string, Tag>>(new Map());
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const navigate = useNavigate();
  const filter = search['filter'];
  const canHold = useMe()?.organizations.some((each) => each.name === shown.namespace && each.is_org_admin) === true;

  const query = usePages(['tags', repository, filter ?? ''], (next_page, signal) => api((c) => c.GET('/api/v1/repository/{repository}/tag', {
    params: { path: { repository }, query: { onlyActiveTags: true, details: true, limit: 100, ...(filter ? { filter_tag_name: `like:${filter}` } : {}), ...(next_page ? { next_page } : {}) } },
    signal,
  })));
  const tags = useMemo(() => query.data?.pages.flatMap((page) => page.tags ?? []) ?? [], [query.data]);
  const choose = useCallback((tag: Tag, on: boolean) => setChosen((now) => {
    const next = new Map(now);
    if (on) next.set(tag.name!, tag);
    else next.delete(tag.name!);
    return next;
  }), []);
  const actions = useTagActions(repository, () => setChosen(new Map()));
  const picked = [...chosen.values()];

  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem><SearchInput aria-label={t('filter')} placeholder={t('filter')} value={text} onChange={(_, value) => setText(value)} onClear={() => setText('')} /></ToolbarItem>
          {shown.can_write && picked.length > 0 && (
            <ToolbarItem>
              <BulkMenu
                count={picked.length}
                items={[
                  ...(picked.length === 2 ? [{ name: t('compareTwo'), act: () => void navigate({ to: '/repository/$', params: { _splat: `${repository}/compare` }, search: { from: picked[0]!.name, to: picked[1]!.name } }) }] : []),
                  { name: t('expiration'), act: () => setDialog({ kind: 'expire', tags: picked }) },
                  { name: t('makeImmutable'), act: () => void actions.setImmutable(picked, true) },
                  { name: t('remove'), danger: true, act: () => void actions.remove(picked) },
                ]}
              />
            </ToolbarItem>
          )}
          <ToolbarItem align={{ default: 'alignEnd' }} className="wharf-faint" alignSelf="center">{query.hasNextPage ? t('shownMore', { count: tags.length }) : t('shown', { count: tags.length })}</ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <Pages query={query} rows={(page) => page.tags} withButton={false}>
        {() => tags.length > 0 ? (
          <TagTable
            repository={repository} tags={tags} canWrite={shown.can_write === true} canAdmin={shown.can_admin === true} canHold={canHold} chosen={chosen} choose={choose}
            chooseAll={(on) => setChosen(on ? new Map(tags.map((each) => [each.name!, each])) : new Map())}
            more={query.hasNextPage && !query.isFetchingNextPage ? () => void query.fetchNextPage() : null}
            open={setDialog} actions={actions}
          />
        ) : filter ? <p className="wharf-faint">{t('noneFound')}</p>
          : <Teach title={t('none')}>{t('noneBody')}<Code what="podman" text={`podman push IMAGE ${registryHost()}/${repository}:latest`} /></Teach>}
      </Pages>
      {dialog?.kind === 'pull' && <PullCommands repository={repository} tag={dialog.tag} onClose={() => setDialog(null)} />}
      {dialog?.kind === 'add' && <AddTag repository={repository} tag={dialog.tag} onClose={() => setDialog(null)} />}
      {dialog?.kind === 'hold' && <NewHold of={{ organization: shown.namespace!, repository: shown.name! }} tag={dialog.tag.name!} onClose={() => setDialog(null)} />}
      {dialog?.kind === 'purge' && <PurgeTag repository={repository} tag={dialog.tag} onClose={() => setDialog(null)} />}
      {dialog?.kind === 'expire' && <Expiration repository={repository} tags={dialog.tags} onClose={() => setDialog(null)} />}
    </>
  );
}

type Item = { name: string; act: () => void; danger?: boolean };

function BulkMenu({ count, items }: { count: number; items: Item[] }) {
  const [open, setOpen] = useState(false);
  return (
    <Dropdown isOpen={open} onOpenChange={setOpen} onSelect={() => setOpen(false)} toggle={(ref) => <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)}>{t('selected', { count })}</MenuToggle>}>
      <DropdownList>{items.map((each) => <DropdownItem key={each.name} isDanger={each.danger === true} onClick={each.act}>{each.name}</DropdownItem>)}</DropdownList>
    </Dropdown>
  );
}

type TableProps = {
  repository: string; tags: Tag[]; canWrite: boolean; canAdmin: boolean; canHold: boolean; chosen: ReadonlyMap<string, Tag>; choose: (tag: Tag, on: boolean) => void; chooseAll: (on: boolean) => void;
  more: (() => void) | null; open: (dialog: Dialog) => void; actions: ReturnType<typeof useTagActions>;
};

// A grid of our own: a table whose rows are mostly absent confuses what counts them, so that roles say what is what.
function TagTable(props: TableProps) {
  const { tags, more, canWrite, chosen, chooseAll } = props;
  const box = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => tracks(tags.map((each) => each.manifest_digest!)), [tags]);
  const rows = useVirtualizer({ count: tags.length, getScrollElement: () => box.current, estimateSize: () => rowHeight, overscan: 12 });
  const seen = rows.getVirtualItems();
  const last = seen.at(-1)?.index ?? 0;
  useEffect(() => { if (more !== null && last >= tags.length - 50) more(); }, [more, last, tags.length]);
  return (
    <div ref={box} className="wharf-grid" role="table" aria-label={t('title')} aria-rowcount={tags.length + 1} tabIndex={0}>
      <div className="wharf-grid-head" role="row">
        {canWrite && <div role="columnheader" className="wharf-cell-check"><Checkbox id="all-tags" aria-label={t('selectAll')} isChecked={chosen.size > 0 && chosen.size === tags.length} onChange={(_, on) => chooseAll(on)} /></div>}
        <div role="columnheader" className="wharf-cell-name">{t('name')}</div>
        <div role="columnheader" className="wharf-cell-risk">{t('vulnerabilities')}</div>
        <div role="columnheader" className="wharf-cell-size">{t('size')}</div>
        <div role="columnheader" className="wharf-cell-time">{t('pushed')}</div>
        <div role="columnheader" className="wharf-cell-time wharf-hide-middle">{t('pulled')}</div>
        <div role="columnheader" className="wharf-cell-time wharf-hide-middle">{t('expires')}</div>
        <div role="columnheader" className="wharf-cell-tracks wharf-hide-middle" aria-label={t('shared')} />
        <div role="columnheader" className="wharf-cell-digest wharf-hide-small">{t('digest')}</div>
        <div role="columnheader" className="wharf-cell-menu"><span className="pf-v6-screen-reader">{t('actions', { tag: '' })}</span></div>
      </div>
      <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {seen.map((each) => <TagRow key={tags[each.index]!.name} {...props} tag={tags[each.index]!} top={each.start} index={each.index} parts={lines[each.index]!} />)}
      </div>
    </div>
  );
}

function Mark({ icon, says }: { icon: ReactNode; says: string }) {
  return <Tooltip content={says}><span tabIndex={0} role="img" aria-label={says}>{icon}</span></Tooltip>;
}

function TagRow({ repository, tag, top, index, parts, canWrite, canAdmin, canHold, chosen, choose, open, actions }: TableProps & { tag: Tag; top: number; index: number; parts: TrackPart[] }) {
  const [menu, setMenu] = useState(false);
  const name = tag.name!;
  const items: (Item & { hidden?: boolean })[] = [
    { name: t('pull'), act: () => open({ kind: 'pull', tag }) },
    { name: t('addTag'), act: () => open({ kind: 'add', tag }), hidden: !canWrite },
    { name: t('expiration'), act: () => open({ kind: 'expire', tags: [tag] }), hidden: !canWrite },
    { name: t('makeImmutable'), act: () => void actions.setImmutable([tag], true), hidden: !canWrite || tag.immutable === true },
    { name: t('makeMutable'), act: () => void actions.setImmutable([tag], false), hidden: !canAdmin || tag.immutable !== true },
    { name: t('hold'), act: () => open({ kind: 'hold', tag }), hidden: !canHold },
    { name: t('remove'), act: () => void actions.remove([tag]), danger: true, hidden: !canWrite },
    { name: t('purge'), act: () => open({ kind: 'purge', tag }), danger: true, hidden: !canAdmin },
  ];
  return (
    <div role="row" aria-rowindex={index + 2} className="wharf-grid-row" style={{ transform: `translateY(${top}px)` }}>
      {canWrite && <div role="cell" className="wharf-cell-check"><Checkbox id={`tag-${name}`} aria-label={t('select', { tag: name })} isChecked={chosen.has(name)} onChange={(_, on) => choose(tag, on)} /></div>}
      <div role="cell" className="wharf-cell-name">
        <Link to="/repository/$" params={{ _splat: referencePath(repository, name) }}>{name}</Link>
        {tag.immutable && <Mark icon={<LockIcon />} says={t('immutable')} />}
        {tag.details?.held && <Mark icon={<GavelIcon />} says={t('held')} />}
        {tag.is_manifest_list && <Label isCompact className="wharf-hide-small" title={tag.details?.platforms?.join(', ')}>{t('platforms', { count: tag.details?.platforms?.length ?? tag.child_manifest_count ?? 0 })}</Label>}
        {!tag.is_manifest_list && tag.details?.platforms?.map((each) => <Label key={each} isCompact variant="outline" className="wharf-hide-small">{each}</Label>)}
        {tag.details?.signed && <Label isCompact color="green" className="wharf-hide-small">{t('signed')}</Label>}
      </div>
      <div role="cell" className="wharf-cell-risk"><TagRisk tag={tag} to={referencePath(repository, name)} /></div>
      <div role="cell" className="wharf-cell-size">{tag.details ? bytes(tag.details.size) : tag.size != null ? bytes(tag.size) : ''}</div>
      <div role="cell" className="wharf-cell-time"><Time at={tag.start_ts} /></div>
      <div role="cell" className="wharf-cell-time wharf-hide-middle"><Time at={tag.details?.last_pulled} /></div>
      <div role="cell" className="wharf-cell-time wharf-hide-middle"><Time at={tag.expiration} /></div>
      <div role="cell" className="wharf-cell-tracks wharf-hide-middle"><Tracks parts={parts} /></div>
      <div role="cell" className="wharf-cell-digest wharf-hide-small"><DigestText digest={tag.manifest_digest!} /></div>
      <div role="cell" className="wharf-cell-menu">
        <Dropdown
          isOpen={menu} onOpenChange={setMenu} onSelect={() => setMenu(false)} popperProps={{ position: 'right', appendTo: () => document.body }}
          toggle={(ref) => <MenuToggle ref={ref} variant="plain" isExpanded={menu} onClick={() => setMenu(!menu)} aria-label={t('actions', { tag: name })} icon={<EllipsisVIcon />} />}
        >
          <DropdownList>{items.filter((each) => !each.hidden).map((each) => <DropdownItem key={each.name} isDanger={each.danger === true} onClick={each.act}>{each.name}</DropdownItem>)}</DropdownList>
        </Dropdown>
      </div>
    </div>
  );
}
