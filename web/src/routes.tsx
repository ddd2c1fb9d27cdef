import type { QueryClient } from '@tanstack/react-query';
import { createRootRouteWithContext, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router';
import { configQuery, meQuery } from './api/session';
import { Member } from './shell/Member';
import { NotFoundPage } from './shell/NotFoundPage';
import { Shell } from './shell/Shell';

/** What stands behind the question mark, as plain words: pages keep their tab, filter and page there, so that every view has an address. */
export type Search = Record<string, string | undefined>;

const validateSearch = (search: Record<string, unknown>): Search => search as Search;

const root = createRootRouteWithContext<{ queries: QueryClient }>()({
  component: Shell,
  notFoundComponent: NotFoundPage,
  validateSearch,
  beforeLoad: async ({ context, location }) => {
    const [config, me] = await Promise.all([context.queries.ensureQueryData(configQuery), context.queries.ensureQueryData(meQuery)]);
    if (config.awaits_first_user && location.pathname !== '/setup') throw redirect({ to: '/setup' });
    return { me };
  },
});

// Where only who is signed in has anything to see; everybody else comes back here after signing in.
const member = createRoute({
  getParentRoute: () => root,
  id: 'member',
  component: Member,
  beforeLoad: ({ context, location }) => {
    if (context.me === null) throw redirect({ to: '/signin', search: { next: location.href } });
  },
});

const open = () => root;
const signedIn = () => member;

// The list and, below it, whatever path: names of repositories have slashes.
const repositories = createRoute({ getParentRoute: open, path: '/repository' });

const routes = [
  createRoute({ getParentRoute: open, path: '/signin', validateSearch, component: lazyRouteComponent(() => import('./pages/signin/SignInPage'), 'SignInPage') }),
  createRoute({ getParentRoute: open, path: '/createaccount', validateSearch, component: lazyRouteComponent(() => import('./pages/signin/SignUpPage'), 'SignUpPage') }),
  createRoute({ getParentRoute: open, path: '/setup', validateSearch, component: lazyRouteComponent(() => import('./pages/setup/SetupPage'), 'SetupPage') }),
  repositories.addChildren([
    createRoute({ getParentRoute: () => repositories, path: '/', validateSearch, component: lazyRouteComponent(() => import('./pages/repositories/RepositoriesPage'), 'RepositoriesPage') }),
    createRoute({ getParentRoute: () => repositories, path: '$', validateSearch, component: lazyRouteComponent(() => import('./pages/repository/RepositoryRoute'), 'RepositoryRoute') }),
  ]),
  createRoute({ getParentRoute: open, path: '/search', validateSearch, component: lazyRouteComponent(() => import('./pages/search/SearchPage'), 'SearchPage') }),
];

const memberRoutes = [
  createRoute({ getParentRoute: signedIn, path: '/', validateSearch, component: lazyRouteComponent(() => import('./pages/home/HomePage'), 'HomePage') }),
  createRoute({ getParentRoute: signedIn, path: '/welcome', validateSearch, component: lazyRouteComponent(() => import('./pages/setup/WelcomePage'), 'WelcomePage') }),
  createRoute({ getParentRoute: signedIn, path: '/account', validateSearch, component: lazyRouteComponent(() => import('./pages/account/AccountPage'), 'AccountPage') }),
  createRoute({ getParentRoute: signedIn, path: '/organization', validateSearch, component: lazyRouteComponent(() => import('./pages/organizations/OrganizationsPage'), 'OrganizationsPage') }),
  createRoute({ getParentRoute: signedIn, path: '/organization/$org', validateSearch, component: lazyRouteComponent(() => import('./pages/organization/OrganizationPage'), 'OrganizationPage') }),
  createRoute({ getParentRoute: signedIn, path: '/organization/$org/teams/$team', validateSearch, component: lazyRouteComponent(() => import('./pages/organization/TeamPage'), 'TeamPage') }),
  createRoute({ getParentRoute: signedIn, path: '/user/$org', validateSearch, component: lazyRouteComponent(() => import('./pages/organization/OrganizationPage'), 'OrganizationPage') }),
  createRoute({ getParentRoute: signedIn, path: '/security', validateSearch, component: lazyRouteComponent(() => import('./pages/security/SecurityPage'), 'SecurityPage') }),
  createRoute({ getParentRoute: signedIn, path: '/superuser', validateSearch, component: lazyRouteComponent(() => import('./pages/superuser/SuperuserPage'), 'SuperuserPage') }),
];

export const router = createRouter({
  routeTree: root.addChildren([...routes, member.addChildren(memberRoutes)]),
  context: { queries: undefined! },
  defaultPreload: 'intent',
  scrollRestoration: true,
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const text = new URLSearchParams(Object.entries(search as Search).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '')).toString();
    return text === '' ? '' : `?${text}`;
  },
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
