import { FormSelect, FormSelectOption, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from '@tanstack/react-router';
import { api } from '../../api/client';
import { useMe } from '../../api/session';
import { count } from '../../messages/format';
import { SeverityDonut } from '../../ui/charts/Donut';
import { Pages } from '../../ui/More';
import { usePages } from '../../ui/pages';
import { useSearch } from '../../ui/search';
import { severities, SeverityLabel, type SeverityKey } from '../../ui/severity';
import { Teach } from '../../ui/Teach';
import { t } from './messages';

/** What is found in the repositories of an organization, the worst of them first. */
export function OrganizationsTab() {
  const me = useMe()!;
  const [search, change] = useSearch();
  const first = me.organizations[0]?.name;
  const org = search['org'] ?? first;
  if (org === undefined) return <Teach title={t('noOrganizations')}>{t('noRepositories')}</Teach>;
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <FormSelect aria-label={t('choose')} value={org} onChange={(_, value) => change({ org: value === first ? undefined : value })}>
              {[...new Set([...me.organizations.map((each) => each.name), org])].map((each) => <FormSelectOption key={each} value={each} label={each} />)}
            </FormSelect>
          </ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <AnOrganization key={org} orgname={org} />
    </>
  );
}

function AnOrganization({ orgname }: { orgname: string }) {
  const query = usePages(['security', 'organization', orgname], (next_page, signal) => api((c) => c.GET('/api/v1/organization/{orgname}/security', { params: { path: { orgname }, query: next_page ? { next_page } : {} }, signal })));
  return (
    <Pages query={query} rows={(page) => page.repositories}>
      {(rows) => {
        if (rows.length === 0) return <p className="wharf-faint">{t('noRepositories')}</p>;
        const sum = Object.fromEntries(severities.map((key) => [key, rows.reduce((total, each) => total + each.counts[key], 0)])) as Record<SeverityKey, number>;
        return (
          <>
            {rows.some((each) => each.counts.matched > 0 || severities.some((key) => each.counts[key] > 0)) && <SeverityDonut counts={sum} label={t('findings')} />}
            <Table variant="compact" aria-label={t('organizations')}>
              <Thead><Tr><Th>{t('repository')}</Th><Th>{t('found')}</Th><Th>{t('fixable')}</Th><Th>{t('exploitedHead')}</Th><Th>{t('scanned')}</Th></Tr></Thead>
              <Tbody>
                {rows.map((each) => (
                  <Tr key={each.name}>
                    <Td dataLabel={t('repository')}><Link to="/repository/$" params={{ _splat: each.name.startsWith(`${orgname}/`) ? each.name : `${orgname}/${each.name}` }} search={{ tab: 'security' }}>{each.name}</Link></Td>
                    <Td dataLabel={t('found')}><span className="wharf-labels">{severities.filter((key) => each.counts[key] > 0).map((key) => <SeverityLabel key={key} severity={key} count={each.counts[key]} />)}</span></Td>
                    <Td dataLabel={t('fixable')}>{count(each.counts.fixable)}</Td>
                    <Td dataLabel={t('exploitedHead')}>{count(each.counts.exploited)}</Td>
                    <Td dataLabel={t('scanned')}>{count(each.counts.scanned)} / {count(each.counts.manifests)}{each.counts.matched < each.counts.scanned && <div className="wharf-faint">{t('unmatched', { count: each.counts.scanned - each.counts.matched })}</div>}</Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          </>
        );
      }}
    </Pages>
  );
}
