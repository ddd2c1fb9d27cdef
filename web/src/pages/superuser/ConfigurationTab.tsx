import { SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client';
import { Loaded } from '../../ui/Loaded';
import { useSearch } from '../../ui/search';
import { t } from './messages';
import { settings } from './settings';

type Shown = { config: unknown; schema: Record<string, { source?: string }> };

/** What the server runs with, without its secrets. */
export function ConfigurationTab() {
  const [search, change] = useSearch();
  const filter = (search['filter'] ?? '').toLowerCase();
  const query = useQuery({ queryKey: ['superuser', 'config'], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/superuser/config', { signal })) as Promise<unknown> as Promise<Shown> });
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem><SearchInput aria-label={t('filter')} placeholder={t('filter')} value={search['filter'] ?? ''} onChange={(_, value) => change({ filter: value || undefined })} onClear={() => change({ filter: undefined })} /></ToolbarItem>
          <ToolbarItem className="wharf-faint">{t('configHelp')}</ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <Loaded query={query}>
        {({ config, schema }) => (
          <Table variant="compact" aria-label={t('configuration')}>
            <Thead><Tr><Th>{t('setting')}</Th><Th>{t('value')}</Th><Th>{t('source')}</Th></Tr></Thead>
            <Tbody>
              {settings(config).filter(([name]) => name.toLowerCase().includes(filter)).map(([name, value]) => (
                <Tr key={name}><Td dataLabel={t('setting')}><code>{name}</code></Td><Td dataLabel={t('value')} modifier="breakWord">{value === '' ? <span className="wharf-faint">{t('empty')}</span> : <code>{value}</code>}</Td><Td dataLabel={t('source')}>{schema[name]?.source}</Td></Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Loaded>
    </>
  );
}
