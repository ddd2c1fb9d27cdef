import { FormSelect, FormSelectOption, Label, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { api, type Schema } from '../../api/client';
import { kindName } from '../../ui/kinds';
import { Pages } from '../../ui/More';
import { usePages } from '../../ui/pages';
import { useSearch } from '../../ui/search';
import { Time } from '../../ui/Time';
import { t } from './messages';

/** Every way in which somebody has access. */
export function ReviewTab() {
  const [search, change] = useSearch();
  const days = Number(search['unused'] ?? 0);
  const query = usePages(['superuser', 'review', days], (next_page, signal) => api((c) => c.GET('/api/v1/superuser/accessreview', { params: { query: { ...(days > 0 ? { unused_days: days } : {}), ...(next_page ? { next_page } : {}) } }, signal })) as Promise<Schema<'ReviewPage'>>);
  return (
    <>
      <Toolbar>
        <ToolbarContent>
          <ToolbarItem>
            <FormSelect aria-label={t('unused')} value={String(days)} onChange={(_, value) => change({ unused: value === '0' ? undefined : value })}>
              {[0, 30, 90, 365].map((each) => <FormSelectOption key={each} value={String(each)} label={`${t('unused')} ${each === 0 ? t('unusedAny') : t('days', { count: each })}`} />)}
            </FormSelect>
          </ToolbarItem>
          <ToolbarItem className="wharf-faint wharf-grow">{t('reviewHelp')}</ToolbarItem>
          <ToolbarItem align={{ default: 'alignEnd' }}><a href={`/api/v1/superuser/accessreview?format=csv${days > 0 ? `&unused_days=${days}` : ''}`} download>{t('csv')}</a></ToolbarItem>
        </ToolbarContent>
      </Toolbar>
      <Pages query={query} rows={(page) => page.access}>
        {(rows) => rows.length === 0 ? <p className="wharf-faint">{t('noRows')}</p> : (
          <Table variant="compact" aria-label={t('review')}>
            <Thead><Tr><Th>{t('who')}</Th><Th>{t('namespace')}</Th><Th>{t('may')}</Th><Th>{t('given')}</Th><Th>{t('used')}</Th></Tr></Thead>
            <Tbody>
              {rows.map((each, at) => (
                <Tr key={at}>
                  <Td dataLabel={t('who')}>{each.subject} <span className="wharf-faint">{kindName(each.subject_kind)}</span> {each.disabled && <Label isCompact color="red">{t('disabled')}</Label>}</Td>
                  <Td dataLabel={t('namespace')}>{each.namespace}{each.repository ? `/${each.repository}` : ''}</Td>
                  <Td dataLabel={t('may')}>{each.role} {each.via && <span className="wharf-faint">{t('via', { team: each.via })}</span>}</Td>
                  <Td dataLabel={t('given')}><Time at={each.granted_at} none="" /> {each.granted_by && <span className="wharf-faint">{t('givenBy', { who: each.granted_by })}</span>}</Td>
                  <Td dataLabel={t('used')}><Time at={each.last_used} /></Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Pages>
    </>
  );
}
