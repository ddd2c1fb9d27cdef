import { Alert, AlertActionLink } from '@patternfly/react-core';
import { ApiProblem } from '../api/client';
import { t } from './messages';

/** What went wrong, in words that say what to do: the registry's own where it has any. */
export function explain(fault: unknown): string {
  if (!(fault instanceof ApiProblem)) return fault instanceof Error ? fault.message : String(fault);
  switch (fault.status) {
    case 0: return t('unreachable');
    case 429: case 503: return fault.retryAfter !== null ? t('busy', { seconds: fault.retryAfter }) : fault.message;
    case 401: return fault.message || t('signInFirst');
    case 403: return fault.message || t('forbidden');
    case 404: return fault.message || t('missing');
    case 500: return t('broken');
    default: return fault.message;
  }
}

/** In place of what could not be loaded. */
export function Problem({ fault, retry }: { fault: unknown; retry?: () => unknown }) {
  return (
    <Alert isInline variant="danger" title={explain(fault)} component="p" actionLinks={retry && <AlertActionLink onClick={() => void retry()}>{t('again')}</AlertActionLink>}>
      {fault instanceof ApiProblem && fault.requestId !== null && t('request', { id: fault.requestId })}
    </Alert>
  );
}
