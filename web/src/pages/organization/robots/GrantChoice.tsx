import { FormSelect, FormSelectOption, SearchInput } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useState } from 'react';
import { api } from '../../../api/client';
import type { Role } from '../../../ui/entities/RoleSelect';
import { Pages } from '../../../ui/More';
import { usePages } from '../../../ui/pages';
import { t } from './messages';

/** What a robot may do with which repositories of its namespace. */
export function GrantChoice({ namespace, grants, onChange }: { namespace: string; grants: ReadonlyMap<string, Role>; onChange: (grants: ReadonlyMap<string, Role>) => void }) {
  const [filter, setFilter] = useState('');
  const query = usePages(['repositories', namespace, 'names'], (next_page, signal) => api((c) => c.GET('/api/v1/repository', { params: { query: { namespace, ...(next_page ? { next_page } : {}) } }, signal })));
  // What it has now comes first and stays there, also where it is on no page that has come yet.
  const [had] = useState(() => [...grants.keys()]);
  const set = (name: string, role: Role | '') => {
    const next = new Map(grants);
    if (role === '') next.delete(name); else next.set(name, role);
    onChange(next);
  };
  return (
    <>
      <p className="wharf-faint wharf-invite">{t('repositoriesHelp')}</p>
      <SearchInput aria-label={t('filter')} placeholder={t('filter')} value={filter} onKeyDown={(e) => { if (e.key === 'Enter') e.preventDefault(); }} onChange={(_, value) => setFilter(value)} onClear={() => setFilter('')} />
      <Pages query={query} rows={(page) => page.repositories.map((each) => each.name)}>
        {(found) => found.length === 0 ? <p>{t('noRepositories')}</p> : (
          <Table variant="compact" aria-label={t('repositories')}>
            <Thead><Tr><Th>{t('repositories')}</Th><Th>{t('grants')}</Th></Tr></Thead>
            <Tbody>
              {[...new Set([...had, ...found])].filter((name) => name.includes(filter.trim().toLowerCase())).map((name) => (
                <Tr key={name}>
                  <Td dataLabel={t('repositories')}>{name}</Td>
                  <Td dataLabel={t('grants')}>
                    <FormSelect aria-label={t('roleIn', { name })} value={grants.get(name) ?? ''} onChange={(_, value) => set(name, value as Role | '')}>
                      <FormSelectOption value="" label={t('noGrant')} />
                      {(['read', 'write', 'admin'] as const).map((role) => <FormSelectOption key={role} value={role} label={role} />)}
                    </FormSelect>
                  </Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Pages>
    </>
  );
}
