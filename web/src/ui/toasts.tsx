import { Alert, AlertActionCloseButton, AlertActionLink, AlertGroup } from '@patternfly/react-core';
import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from 'react';
import { ApiProblem } from '../api/client';
import { t } from './messages';
import { explain } from './Problem';

type Toast = { id: number; title: string; variant: 'success' | 'danger' | 'info'; detail?: string | undefined; undo?: (() => Promise<unknown>) | undefined };

type Say = {
  /** What was done; with `undo`, what takes it back. */
  done: (title: string, undo?: () => Promise<unknown>) => void;
  /** What could not be done, with the registry's own words. */
  failed: (title: string, fault: unknown) => void;
};

const Context = createContext<Say>({ done: () => {}, failed: () => {} });

export const useSay = (): Say => useContext(Context);

let last = 0;

/** What happened, in a corner of every page. With an undo it stays longer than without; none goes, and so moves the others, while one is pointed at or has the focus. */
export function Toasts({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<Toast[]>([]);
  const [held, setHeld] = useState(false);
  const drop = useCallback((id: number) => {
    setToasts((all) => all.filter((each) => each.id !== id));
    // What is taken away from under the pointer does not tell that it left.
    setHeld(false);
  }, []);
  const add = useCallback((toast: Omit<Toast, 'id'>) => setToasts((all) => [...all.slice(-4), { ...toast, id: ++last }]), []);
  const say = useMemo<Say>(() => ({
    done: (title, undo) => add({ title, variant: 'success', undo }),
    failed: (title, fault) => add({ title, variant: 'danger', detail: [explain(fault), fault instanceof ApiProblem && fault.requestId ? t('request', { id: fault.requestId }) : ''].filter(Boolean).join(' ') }),
  }), [add]);

  const undo = async (toast: Toast) => {
    drop(toast.id);
    try {
      await toast.undo?.();
      say.done(t('undone'));
    } catch (fault) {
      say.failed(t('undo'), fault);
    }
  };

  return (
    <Context.Provider value={say}>
      {children}
      <AlertGroup isToast isLiveRegion onPointerEnter={() => setHeld(true)} onPointerLeave={() => setHeld(false)} onFocus={() => setHeld(true)} onBlur={() => setHeld(false)}>
        {toasts.map((each) => (
          <Alert
            key={each.id}
            variant={each.variant}
            title={each.title}
            component="p"
            timeout={held || each.variant === 'danger' ? false : each.undo ? 15_000 : 5_000}
            onTimeout={() => drop(each.id)}
            actionClose={<AlertActionCloseButton title={t('close')} onClose={() => drop(each.id)} />}
            actionLinks={each.undo && <AlertActionLink onClick={() => void undo(each)}>{t('undo')}</AlertActionLink>}
          >
            {each.detail}
          </Alert>
        ))}
      </AlertGroup>
    </Context.Provider>
  );
}
