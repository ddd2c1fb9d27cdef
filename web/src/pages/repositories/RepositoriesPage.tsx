import { Button, PageSection, ToggleGroup, ToggleGroupItem, ToolbarItem } from '@patternfly/react-core';
import { useState } from 'react';
import { useMe } from '../../api/session';
import { PageHead } from '../../ui/PageHead';
import { useSearch } from '../../ui/search';
import { t } from './messages';
import { NewRepository } from './NewRepository';
import { RepositoryTable } from './RepositoryTable';

export function RepositoriesPage() {
  const me = useMe();
  const [search, change] = useSearch();
  const [making, setMaking] = useState(false);
  const starred = search['starred'] === 'true';
  return (
    <>
      <PageHead title={t('title')} actions={me && <Button onClick={() => setMaking(true)}>{t('create')}</Button>}>{t('lead')}</PageHead>
      <PageSection>
        <RepositoryTable
          starred={starred}
          actions={me && (
            <ToolbarItem>
              <ToggleGroup aria-label={t('of')}>
                <ToggleGroupItem text={t('mine')} isSelected={!starred} onChange={() => change({ starred: undefined })} />
                <ToggleGroupItem text={t('starred')} isSelected={starred} onChange={() => change({ starred: 'true' })} />
              </ToggleGroup>
            </ToolbarItem>
          )}
        />
      </PageSection>
      {making && <NewRepository onClose={() => setMaking(false)} />}
    </>
  );
}
