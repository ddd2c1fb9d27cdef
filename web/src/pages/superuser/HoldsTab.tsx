import { Button, Checkbox, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { useState } from 'react';
import { useSearch } from '../../ui/search';
import { Teach } from '../../ui/Teach';
import { HoldList } from '../holds/HoldList';
import { t } from '../holds/messages';
import { NewHold } from '../holds/NewHold';

const everywhere = { registry: true } as const;

/** All legal holds of the registry. */
export function HoldsTab({ canChange }: { canChange: boolean }) {
  const [search, change] = useSearch();
  const [making, setMaking] = useState(false);
  const lifted = search['lifted'] === 'true';
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem alignSelf="center"><Checkbox id="lifted-holds" label={t('lifted')} isChecked={lifted} onChange={(_, on) => change({ lifted: on ? 'true' : undefined })} /></ToolbarItem>
          {canChange && <ToolbarItem align={{ default: 'alignEnd' }}><Button onClick={() => setMaking(true)}>{t('new')}</Button></ToolbarItem>}
        </ToolbarContent>
      </Toolbar>
      <HoldList of={everywhere} lifted={lifted} canChange={canChange} empty={<Teach title={t('none')}>{t('noneBody')}</Teach>} />
      {making && <NewHold of={everywhere} onClose={() => setMaking(false)} />}
    </>
  );
}
