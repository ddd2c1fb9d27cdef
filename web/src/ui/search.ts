import { useNavigate, useSearch as useRouterSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useState } from 'react';
import type { Search } from '../routes';

/** What stands behind the question mark, and how to change some of it. Filters replace the entry in the browser's history, tabs add one. */
export function useSearch(): [Search, (change: Search, replace?: boolean) => void] {
  const search = useRouterSearch({ strict: false }) as Search;
  const navigate = useNavigate();
  const change = useCallback((patch: Search, replace = true) => void navigate({ to: '.', search: ((now: Search) => ({ ...now, ...patch })) as never, replace, resetScroll: false }), [navigate]);
  return [search, change];
}

/** What is typed into a box of filters; the address follows when the typing rests. */
export function useTyped(name: string, ms = 250): [string, (text: string) => void] {
  const [search, change] = useSearch();
  const known = search[name] ?? '';
  const [text, setText] = useState(known);
  useEffect(() => {
    const timer = setTimeout(() => { if (text !== known) change({ [name]: text || undefined }); }, ms);
    return () => clearTimeout(timer);
  }, [name, ms, text, known, change]);
  return [text, setText];
}
