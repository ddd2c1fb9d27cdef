import { useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { meQuery } from './session';

type LiveEvent = { namespace?: string; repository?: string; tags?: string[]; digest?: string };

const kinds = ['tag', 'manifest', 'scan', 'repository', 'namespace', 'account', 'message', 'resync'] as const;

/** Which of the answers that are shown an event is about, by the beginnings of their keys. */
export function concerned(kind: (typeof kinds)[number], event: LiveEvent): unknown[][] {
  const name = event.namespace && event.repository ? (event.repository.includes('/') && event.repository.startsWith(`${event.namespace}/`) ? event.repository : `${event.namespace}/${event.repository}`) : event.repository;
  switch (kind) {
    case 'tag': case 'manifest': return [['tags', name], ['history', name], ['manifest', name], ['repositories'], ['security', name]];
    case 'scan': return [['security', name], ['report', name], ['packages', name], ['tags', name]];
    case 'repository': return [['repository', name], ['permissions', name], ['repositories'], ['manifest', name]];
    case 'namespace': return [['organization', event.namespace], ['organizations'], ['me']];
    case 'account': return [['me'], ['teaminvites']];
    case 'message': return [['messages']];
    case 'resync': return [[]];
  }
}

const retry = 30_000;

/** Listens while the window is seen: a browser has few connections to one server, and hidden windows would hold them all. */
function listen(queries: QueryClient, repository: string | undefined): () => void {
  let source: EventSource | null = null;
  let later: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    source = new EventSource(`/api/v1/events${repository !== undefined ? `?repository=${encodeURIComponent(repository)}` : ''}`);
    for (const kind of kinds)
      source.addEventListener(kind, (message) => {
        const event = (message.data ? JSON.parse(message.data as string) : {}) as LiveEvent;
        for (const queryKey of concerned(kind, event)) void queries.invalidateQueries({ queryKey });
      });
    // The browser connects again by itself unless it was refused: the session is over, or there are too many streams.
    source.onerror = () => {
      if (source?.readyState !== EventSource.CLOSED) return;
      void queries.invalidateQueries({ queryKey: meQuery.queryKey });
      later = setTimeout(open, retry);
    };
  };
  const close = () => {
    clearTimeout(later);
    source?.close();
    source = null;
  };
  const look = () => {
    if (document.hidden) close();
    else if (source === null) {
      open();
      void queries.invalidateQueries();
    }
  };
  if (!document.hidden) open();
  document.addEventListener('visibilitychange', look);
  return () => {
    document.removeEventListener('visibilitychange', look);
    close();
  };
}

/** While it is shown, what changes in the registry is asked for again as it changes: of one repository, or of all that is one's own. */
export function useLive(enabled: boolean, repository?: string): void {
  const queries = useQueryClient();
  useEffect(() => enabled ? listen(queries, repository) : undefined, [queries, enabled, repository]);
}
