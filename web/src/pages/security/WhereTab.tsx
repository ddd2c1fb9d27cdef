import { FormSelect, FormSelectOption, Label, LabelGroup, SearchInput, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../api/client';
import { useMe } from '../../api/session';
import { count, shortDigest } from '../../messages/format';
import { Pages } from '../../ui/More';
import { usePages } from '../../ui/pages';
import { useSearch } from '../../ui/search';
import { SeverityLabel } from '../../ui/severity';
import { Teach } from '../../ui/Teach';
import { Time } from '../../ui/Time';
import { t } from './messages';
import { question } from './question';

/** Every image that has a vulnerability or a package. What was asked is in the address as ?q=. */
export function WhereTab() {
  const me = useMe()!;
  const [search, change] = useSearch();
  const [text, setText] = useState(search['q'] ?? '');
  const asked = (search['q'] ?? '').trim();
  const namespace = search['namespace'] ?? '';
  const query = usePages(['where', asked, namespace], (next_page, signal) => api((c) => c.GET('/api/v1/security/search', {
    params: { query: { ...question(asked), ...(namespace ? { namespace } : {}), ...(next_page ? { next_page } : {}) } }, signal,
  })), asked !== '');
  const ask = () => change({ q: text.trim() || undefined }, false);
  return (
    <>
      <form role="search" onSubmit={(e) => { e.preventDefault(); ask(); }}>
        <Toolbar>
          <ToolbarContent>
            <ToolbarItem className="wharf-search"><SearchInput aria-label={t('ask')} placeholder={t('ask')} value={text} onChange={(_, value) => setText(value)} onSearch={ask} submitSearchButtonLabel={t('find')} onClear={() => { setText(''); change({ q: undefined }); }} /></ToolbarItem>
            <ToolbarItem>
              <FormSelect aria-label={t('namespace')} value={namespace} onChange={(_, value) => change({ namespace: value || undefined })}>
                <FormSelectOption value="" label={`${t('namespace')} ${t('everywhere')}`} />
                {[me.username, ...me.organizations.map((each) => each.name)].map((each) => <FormSelectOption key={each} value={each} label={`${t('namespace')} ${each}`} />)}
              </FormSelect>
            </ToolbarItem>
          </ToolbarContent>
        </Toolbar>
      </form>
      {asked === '' ? <Teach title={t('start')}>{t('startBody')}</Teach> : (
        <Pages query={query} rows={(page) => page.places}>
          {(rows) => rows.length === 0 ? <Teach title={t('nowhere', { what: asked })}>{t('nowhereBody')}</Teach> : (
            <Table variant="compact" aria-label={t('places')}>
              <Thead><Tr><Th>{t('repository')}</Th><Th>{t('tags')}</Th><Th>{t('package')}</Th><Th>{t('vulnerability')}</Th><Th>{t('fix')}</Th><Th>{t('pulls')}</Th><Th>{t('lastPull')}</Th></Tr></Thead>
              <Tbody>
                {rows.map((each) => (
                  <Tr key={`${each.repository} ${each.manifest} ${each.package} ${each.version} ${each.vulnerability}`}>
                    <Td dataLabel={t('repository')}><Link to="/repository/$" params={{ _splat: `${each.repository}/manifest/${each.manifest}` }} search={{ tab: 'security' }}>{each.repository}</Link><div className="wharf-faint">{shortDigest(each.manifest)}</div></Td>
                    <Td dataLabel={t('tags')}>{each.tags.length === 0 ? <span className="wharf-faint">{t('untagged')}</span> : <LabelGroup numLabels={4} aria-label={t('tags')}>{each.tags.map((tag) => <Label key={tag} isCompact>{tag}</Label>)}</LabelGroup>}</Td>
                    <Td dataLabel={t('package')}>{each.package} <code>{each.version}</code></Td>
                    <Td dataLabel={t('vulnerability')}>{each.vulnerability} {each.severity && <SeverityLabel severity={each.severity} />} {each.exploited && <Label isCompact color="red">{t('exploited')}</Label>}<div className="wharf-faint">{t('since')} <Time at={each.since} /></div></Td>
                    <Td dataLabel={t('fix')}>{each.fixed_in ? <code>{each.fixed_in}</code> : each.vulnerability && <span className="wharf-faint">{t('noFix')}</span>}</Td>
                    <Td dataLabel={t('pulls')}>{count(each.pulls)}</Td>
                    <Td dataLabel={t('lastPull')}><Time at={each.last_pull} /></Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          )}
        </Pages>
      )}
    </>
  );
}
