import { api } from '../api/client';

let leaving = false;

/** Signs out, and begins in a new document: nothing of what was shown stays in memory. */
export async function signOut(): Promise<void> {
  leaving = true;
  try {
    await api((c) => c.POST('/api/v1/signout'));
  } catch (fault) {
    leaving = false;
    throw fault;
  }
  window.location.assign('/signin');
}

/** The session has ended while the page was open: after signing in one is back here. */
export function signInAgain(): void {
  if (leaving) return;
  leaving = true;
  window.location.assign(`/signin?next=${encodeURIComponent(window.location.pathname + window.location.search)}`);
}
