import { Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQuery } from '@tanstack/react-query';
import { api, type Schema } from '../../api/client';
import { bytes, count } from '../../messages/format';
import { Loaded } from '../../ui/Loaded';
import { t } from './messages';

/** The places that keep content, in the order in which they are asked, and whether each answers. */
export function StorageTab() {
  const query = useQuery({ queryKey: ['superuser', 'storage'], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/superuser/storage', { signal })), refetchInterval: 15_000 });
  return (
    <>
      <p className="wharf-faint">{t('storageHelp')}</p>
      <Loaded query={query}>
        {({ locations }) => (
          <Table variant="compact" aria-label={t('storage')}>
            <Thead><Tr><Th>{t('name')}</Th><Th>{t('storageKind')}</Th><Th>{t('state')}</Th><Th>{t('blobs')}</Th><Th>{t('storageBytes')}</Th></Tr></Thead>
            <Tbody>
              {locations.map((each) => (
                <Tr key={each.name}>
                  <Td dataLabel={t('name')}>{each.name} {each.preferred && <Label isCompact color="blue">{t('preferred')}</Label>}</Td>
                  <Td dataLabel={t('storageKind')}>{each.kind}</Td>
                  <Td dataLabel={t('state')}><LocationState at={each} /></Td>
                  <Td dataLabel={t('blobs')}>{count(each.blobs)}</Td>
                  <Td dataLabel={t('storageBytes')}>{bytes(each.bytes)}</Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Loaded>
    </>
  );
}

function LocationState({ at }: { at: Schema<'StorageLocation'> }) {
  if (!at.configured) return <><Label isCompact color="red">{t('notConfigured')}</Label><div className="wharf-faint">{t('notConfiguredHelp')}</div></>;
  if (at.given_up) return <><Label isCompact color="orange">{t('givenUp')}</Label><div className="wharf-faint">{at.problem ?? t('givenUpHelp')}</div></>;
  if (!at.reachable) return <><Label isCompact color="red">{t('unreachable')}</Label>{at.problem && <div className="wharf-faint">{at.problem}</div>}</>;
  return <Label isCompact color="green">{t('answers')}</Label>;
}
