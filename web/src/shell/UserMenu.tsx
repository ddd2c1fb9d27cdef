import { Divider, Dropdown, DropdownGroup, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useMe } from '../api/session';
import { Picture } from '../ui/Picture';
import { signOut } from './leave';
import { t } from './messages';
import { chooseTheme, useTheme } from './theme';

export function UserMenu() {
  const me = useMe();
  const [open, setOpen] = useState(false);
  const theme = useTheme();
  const navigate = useNavigate();

  if (me === null) return null;
  return (
    <Dropdown
      isOpen={open}
      onOpenChange={setOpen}
      onSelect={() => setOpen(false)}
      popperProps={{ position: 'right' }}
      toggle={(ref) => <MenuToggle ref={ref} isFullHeight isExpanded={open} onClick={() => setOpen(!open)} icon={<Picture avatar={me.avatar} />}><span className="wharf-user">{me.username}</span></MenuToggle>}
    >
      <DropdownList>
        <DropdownItem onClick={() => void navigate({ to: '/user/$org', params: { org: me.username } })}>{me.username}</DropdownItem>
        <DropdownItem onClick={() => void navigate({ to: '/account' })}>{t('account')}</DropdownItem>
      </DropdownList>
      <Divider />
      <DropdownGroup label={t('theme')}>
        <DropdownList>
          {(['light', 'dark', 'system'] as const).map((each) => <DropdownItem key={each} isSelected={theme === each} onClick={() => chooseTheme(each)}>{t(each)}</DropdownItem>)}
        </DropdownList>
      </DropdownGroup>
      <Divider />
      <DropdownList>
        <DropdownItem to="/third-party.txt" target="_blank">{t('thirdParty')}</DropdownItem>
        <DropdownItem onClick={() => void signOut()}>{t('signOut')}</DropdownItem>
      </DropdownList>
    </Dropdown>
  );
}
