import { useCallback } from 'react';
import { t } from './messages';
import { useSay } from './toasts';

/** Does something at once; when it does not work, the page says so with the registry's words. */
export function useAttempt(): (work: () => Promise<unknown>) => void {
  const say = useSay();
  return useCallback((work) => { void work().catch((fault: unknown) => say.failed(t('failed'), fault)); }, [say]);
}
