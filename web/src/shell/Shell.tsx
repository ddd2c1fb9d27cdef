import {
  Button, Masthead, MastheadBrand, MastheadContent, MastheadLogo, MastheadMain, MastheadToggle, Nav, NavItem, NavList, Page, PageSidebar, PageSidebarBody, PageToggleButton, SkipToContent, Toolbar, ToolbarContent, ToolbarGroup, ToolbarItem,
} from '@patternfly/react-core';
import BarsIcon from '@patternfly/react-icons/dist/esm/icons/bars-icon';
import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { useLive } from '../api/live';
import { useMe } from '../api/session';
import { parseAddress } from '../pages/repository/address';
import { Toasts } from '../ui/toasts';
import { FreshLogin } from './FreshLogin';
import { Messages } from './Messages';
import { t } from './messages';
import { SearchBox } from './SearchBox';
import { UserMenu } from './UserMenu';

const content = 'content';

/** Around every page: who is signed in, where one can go, and the search box. */
export function Shell() {
  const me = useMe();
  const { pathname } = useLocation();
  useLive(me !== null, pathname.startsWith('/repository/') && pathname !== '/repository/' ? parseAddress(decodeURIComponent(pathname.slice('/repository/'.length))).repository : undefined);
  const bare = pathname === '/setup' || pathname === '/signin' || pathname === '/createaccount';
  return (
    <Toasts>
      <FreshLogin />
      {bare ? <Outlet /> : (
        <Page
          skipToContent={<SkipToContent href={`#${content}`}>{t('skip')}</SkipToContent>}
          masthead={<Head signedIn={me !== null} />}
          sidebar={<Sidebar pathname={pathname} />}
          isManagedSidebar
          mainContainerId={content}
          mainTabIndex={-1}
        >
          <Messages />
          <Outlet />
        </Page>
      )}
    </Toasts>
  );
}

function Head({ signedIn }: { signedIn: boolean }) {
  return (
    <Masthead>
      <MastheadMain>
        <MastheadToggle><PageToggleButton variant="plain" aria-label={t('menu')}><BarsIcon /></PageToggleButton></MastheadToggle>
        <MastheadBrand>
          <MastheadLogo component={(props) => <Link {...props} to="/" />} className="wharf-logo"><img src="/wharf.svg" alt="" width="28" height="28" /><span>Wharf</span></MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        <Toolbar isFullHeight isStatic>
          <ToolbarContent>
            <ToolbarItem className="wharf-search"><SearchBox /></ToolbarItem>
            <ToolbarGroup align={{ default: 'alignEnd' }}>
              <ToolbarItem>{signedIn ? <UserMenu /> : <Button variant="primary" component={(props) => <Link {...props} to="/signin" />}>{t('signIn')}</Button>}</ToolbarItem>
            </ToolbarGroup>
          </ToolbarContent>
        </Toolbar>
      </MastheadContent>
    </Masthead>
  );
}

function Sidebar({ pathname }: { pathname: string }) {
  const me = useMe();
  const places = [
    ...(me ? [['/', t('home')]] as const : []),
    ['/repository', t('repositories')],
    ...(me ? [['/organization', t('organizations')], ['/security', t('security')]] as const : []),
    ...(me && (me.super_user || me.global_readonly_super_user) ? [['/superuser', t('superuser')]] as const : []),
  ] as const;
  const isAt = (to: string) => to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`) || (to === '/organization' && pathname.startsWith('/user/'));
  return (
    <PageSidebar>
      <PageSidebarBody>
        <Nav aria-label={t('navigation')}>
          <NavList>
            {places.map(([to, name]) => (
              <NavItem key={to} isActive={isAt(to)} component={(props) => <Link {...props} to={to} />} to={to}>{name}</NavItem>
            ))}
            <NavItem to="/api/docs">{t('docs')}</NavItem>
          </NavList>
        </Nav>
      </PageSidebarBody>
    </PageSidebar>
  );
}
