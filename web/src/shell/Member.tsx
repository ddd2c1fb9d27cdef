import { Outlet } from '@tanstack/react-router';
import { useEffect } from 'react';
import { useMe } from '../api/session';
import { signInAgain } from './leave';

/** What only who is signed in sees, for as long as the session lasts. */
export function Member() {
  const over = useMe() === null;
  useEffect(() => {
    if (over) signInAgain();
  }, [over]);
  return over ? null : <Outlet />;
}
