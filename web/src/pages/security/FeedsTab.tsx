import { Label, Title } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client';
import { count } from '../../messages/format';
import { Loaded } from '../../ui/Loaded';
import { Teach } from '../../ui/Teach';
import { Time } from '../../ui/Time';
import { t } from './messages';

const states = ['queued', 'scanned', 'unsupported', 'too_large', 'failed'] as const;

/** What the publishers of vulnerability data said, when that was, and how far the scanner is with it. */
export function FeedsTab() {
  const query = useQuery({ queryKey: ['feeds'], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/security/feeds', { signal })) });
  return (
    <Loaded query={query}>
      {({ feeds, scans }) => (
        <>
          {feeds.length === 0 ? <Teach title={t('noFeeds')}>{t('noFeedsBody')}</Teach> : (
            <Table variant="compact" aria-label={t('feeds')}>
              <Thead><Tr><Th>{t('feed')}</Th><Th>{t('state')}</Th><Th>{t('published')}</Th><Th>{t('imported')}</Th><Th>{t('checked')}</Th><Th>{t('statements')}</Th><Th>{t('licence')}</Th></Tr></Thead>
              <Tbody>
                {feeds.map((each) => (
                  <Tr key={each.name}>
                    <Td dataLabel={t('feed')}>{each.name}</Td>
                    <Td dataLabel={t('state')}>{each.problem ? <><Label isCompact color="red">{t('problem')}</Label><div className="wharf-faint">{each.problem}</div></> : <Label isCompact color={each.stale ? 'orange' : 'green'}>{t(each.stale ? 'stale' : 'fresh')}</Label>}</Td>
                    <Td dataLabel={t('published')}><Time at={each.date} /></Td>
                    <Td dataLabel={t('imported')}><Time at={each.imported} /></Td>
                    <Td dataLabel={t('checked')}><Time at={each.checked} /></Td>
                    <Td dataLabel={t('statements')}>{count(each.statements)}</Td>
                    <Td dataLabel={t('licence')}>{each.licence}</Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          )}
          {Object.keys(scans).length > 0 && (
            <>
              <Title headingLevel="h2" size="lg" className="wharf-arrival">{t('scans')}</Title>
              <ul>{Object.entries(scans).map(([state, images]) => <li key={state}>{count(images)} {states.includes(state as never) ? t(`scan_${state as (typeof states)[number]}`) : state}</li>)}</ul>
            </>
          )}
        </>
      )}
    </Loaded>
  );
}
