import { Dropdown, DropdownItem, DropdownList, MenuToggle } from '@patternfly/react-core';
import EllipsisVIcon from '@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon';
import { useState } from 'react';

type Item = { name: string; act: () => void; danger?: boolean };

/** What one can do with a row, behind three dots. */
export function RowMenu({ label, items }: { label: string; items: Item[] }) {
  const [open, setOpen] = useState(false);
  return (
    <Dropdown
      isOpen={open} onOpenChange={setOpen} onSelect={() => setOpen(false)} popperProps={{ position: 'right' }}
      toggle={(ref) => <MenuToggle ref={ref} variant="plain" aria-label={label} icon={<EllipsisVIcon />} isExpanded={open} onClick={() => setOpen(!open)} />}
    >
      <DropdownList>{items.map((each) => <DropdownItem key={each.name} isDanger={each.danger === true} onClick={each.act}>{each.name}</DropdownItem>)}</DropdownList>
    </Dropdown>
  );
}
