import { Alert } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { api } from '../api/client';

const variants: Record<string, 'info' | 'warning' | 'danger'> = { info: 'info', warning: 'warning', error: 'danger' };

/** What superusers have to say to everybody. */
export function Messages() {
  const { data } = useQuery({ queryKey: ['messages'], queryFn: () => api((c) => c.GET('/api/v1/messages')), staleTime: 60_000 });
  return data?.messages?.map((each) => <Alert key={each.uuid} isInline variant={variants[each.severity ?? ''] ?? 'info'} title={each.content ?? ''} component="p" />);
}
