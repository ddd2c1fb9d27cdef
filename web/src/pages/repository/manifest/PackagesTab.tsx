import { SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { api } from '../../../api/client';
import { DigestText } from '../../../ui/Copy';
import { Pages } from '../../../ui/More';
import { usePages } from '../../../ui/pages';
import { useSearch, useTyped } from '../../../ui/search';
import { SeverityLabel } from '../../../ui/severity';
import { t } from './messages';

export function PackagesTab({ repository, digest }: { repository: string; digest: string }) {
  const [search] = useSearch();
  const [text, setText] = useTyped('filter');
  const filter = search['filter'] ?? '';
  const query = usePages(['packages', repository, digest, filter], (next_page, signal) => api((c) => c.GET('/api/v1/repository/{repository}/manifest/{manifestref}/packages', {
    params: { path: { repository, manifestref: digest }, query: { limit: 200, ...(filter ? { filter } : {}), ...(next_page ? { next_page } : {}) } }, signal,
  })));
  return (
    <>
      <Toolbar><ToolbarContent><ToolbarItem><SearchInput aria-label={t('filterPackages')} placeholder={t('filterPackages')} value={text} onChange={(_, value) => setText(value)} onClear={() => setText('')} /></ToolbarItem></ToolbarContent></Toolbar>
      <Pages query={query} rows={(page) => page.packages}>
        {(rows) => rows.length === 0 ? <p className="wharf-faint">{query.data?.pages[0]?.status === 'queued' ? t('queued') : t('noPackages')}</p> : (
          <Table variant="compact" aria-label={t('packages')}>
            <Thead><Tr><Th>{t('package')}</Th><Th>{t('version')}</Th><Th>{t('type')}</Th><Th>{t('vulnerable')}</Th><Th>{t('layer')}</Th></Tr></Thead>
            <Tbody>
              {rows.map((each, at) => (
                <Tr key={`${each.purl} ${at}`}>
                  <Td dataLabel={t('package')}><span title={each.purl}>{each.name}</span>{each.owned_by && <span className="wharf-faint"> {t('owned', { name: each.owned_by })}</span>}</Td>
                  <Td dataLabel={t('version')}>{each.version}</Td>
                  <Td dataLabel={t('type')}>{each.type}</Td>
                  <Td dataLabel={t('vulnerable')}>{each.vulnerabilities > 0 && <SeverityLabel severity={each.severity ?? 'unknown'} count={each.vulnerabilities} />}</Td>
                  <Td dataLabel={t('layer')}><DigestText digest={each.layer} /></Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Pages>
    </>
  );
}
