import { Label, Menu, MenuContent, MenuItem, MenuList, Popper, SearchInput } from '@patternfly/react-core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { api, type Schema } from '../api/client';
import { kindName } from '../ui/kinds';
import { useDelayed } from '../ui/useDelayed';
import { t } from './messages';

/** One box for everything that has a name; Ctrl or Cmd with K goes there, the arrows go through what was found. */
export function SearchBox() {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLInputElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const query = useDelayed(text.trim(), 150);
  const { data, isPlaceholderData, isError } = useQuery({
    queryKey: ['find', query],
    queryFn: ({ signal }) => api((c) => c.GET('/api/v1/find/all', { params: { query: { query } }, signal })),
    enabled: query.length >= 2,
    placeholderData: keepPreviousData,
  });
  const found = query.length >= 2 ? data?.results ?? [] : [];
  // What is shown for fewer letters is about to go, and would take the focus along.
  const isSettled = query === text.trim() && (isError || (data !== undefined && !isPlaceholderData));

  useEffect(() => {
    const hear = (e: KeyboardEvent) => {
      if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === 'k') {
        e.preventDefault();
        box.current?.focus();
        box.current?.select();
      }
    };
    document.addEventListener('keydown', hear);
    return () => document.removeEventListener('keydown', hear);
  }, []);

  const go = (href: string) => {
    setOpen(false);
    setText('');
    void navigate({ href });
  };
  const onKeyDown = (e: React.KeyboardEvent) => {
    if (e.key === 'Escape') setOpen(false);
    if (e.key === 'Enter' && text.trim() !== '') go(`/search?q=${encodeURIComponent(text.trim())}`);
    if (e.key === 'ArrowDown') {
      e.preventDefault();
      if (isSettled) menu.current?.querySelector<HTMLElement>('button, a')?.focus();
    }
  };

  return (
    <Popper
      isVisible={open && query.length >= 2}
      minWidth="trigger"
      triggerRef={box}
      popperRef={menu}
      trigger={(
        <SearchInput
          ref={box}
          value={text}
          placeholder={`${t('find')} (Ctrl K)`}
          aria-label={t('findLong')}
          onChange={(_, value) => { setText(value); setOpen(true); }}
          onClear={() => { setText(''); setOpen(false); }}
          onFocus={() => setOpen(true)}
          onBlur={(e) => { if (!menu.current?.contains(e.relatedTarget)) setOpen(false); }}
          onKeyDown={onKeyDown}
        />
      )}
      popper={(
        <Menu
          ref={menu}
          aria-label={t('results')}
          onSelect={(_, id) => go(String(id))}
          onKeyDown={(e) => { if (e.key === 'Escape') { setOpen(false); box.current?.focus(); } }}
          onBlur={(e) => { if (!e.currentTarget.contains(e.relatedTarget) && e.relatedTarget !== box.current) setOpen(false); }}
        >
          <MenuContent maxMenuHeight="60vh">
            <MenuList>
              {found.map((thing) => <MenuItem key={`${thing.kind} ${thing.href}`} itemId={hrefOf(thing)} description={thing.description}><Found thing={thing} /></MenuItem>)}
              <MenuItem itemId={`/search?q=${encodeURIComponent(query)}`}>{found.length > 0 || isError ? t('findAll', { query }) : isSettled ? t('findNothing', { query }) : t('finding')}</MenuItem>
            </MenuList>
          </MenuContent>
        </Menu>
      )}
    />
  );
}

type Thing = Schema<'ShownThing'>;

/** Where a found thing is shown here; the API's own addresses are Quay's pages, which have the same paths. */
export function hrefOf(thing: Thing): string {
  return thing.href ?? '/';
}

export function Found({ thing }: { thing: Thing }) {
  const within = thing.namespace?.name ?? thing.organization?.name;
  return <><Label isCompact color="grey">{kindName(thing.kind ?? '')}</Label> {within !== undefined && within !== null ? `${within}/` : ''}{thing.name}</>;
}
