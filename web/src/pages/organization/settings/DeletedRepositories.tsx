import { Button, Card, CardBody, CardTitle } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { api, type Schema } from '../../../api/client';
import { useAttempt } from '../../../ui/attempt';
import { Pages } from '../../../ui/More';
import { usePages } from '../../../ui/pages';
import { Time } from '../../../ui/Time';
import { useSay } from '../../../ui/toasts';
import { deletedOf, type Place } from '../place';
import { t } from './messages';

/** Repositories that were deleted lately, and can be brought back. */
export function DeletedRepositories({ of }: { of: Place }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const query = usePages(['deletedrepositories', of], (next) => deletedOf(of, next));
  const restore = (each: Schema<'ShownDeleted'>) => attempt(async () => {
    await api((c) => c.POST('/api/v1/repository/{repository}/restore', { params: { path: { repository: `${each.namespace}/${each.name}` } }, body: { new_name: null } }));
    await Promise.all([queries.invalidateQueries({ queryKey: ['deletedrepositories'] }), queries.invalidateQueries({ queryKey: ['repositories'] })]);
    say.done(t('restored', { name: `${each.namespace}/${each.name}` }));
  });
  return (
    <Card>
      <CardTitle component="h2">{t('deleted')}</CardTitle>
      <CardBody>
        <Pages query={query} rows={(page) => page.repositories}>
          {(rows) => rows.length === 0 ? <p className="wharf-faint">{t('noDeleted')}</p> : (
            <Table variant="compact" aria-label={t('deleted')}>
              <Thead><Tr><Th>{t('repository')}</Th><Th>{t('when')}</Th><Th>{t('until')}</Th><Th screenReaderText={t('restore')} /></Tr></Thead>
              <Tbody>
                {rows.map((each) => (
                  <Tr key={`${each.name} ${each.deleted}`}>
                    <Td dataLabel={t('repository')}>{each.name}{each.deleted_by && <div className="wharf-faint">{t('deletedLine', { who: each.deleted_by })}</div>}</Td>
                    <Td dataLabel={t('when')}><Time at={each.deleted} /></Td>
                    <Td dataLabel={t('until')}><Time at={each.restorable_until} /></Td>
                    <Td isActionCell><Button variant="link" isInline aria-label={t('restoreOf', { name: each.name })} onClick={() => restore(each)}>{t('restore')}</Button></Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          )}
        </Pages>
      </CardBody>
    </Card>
  );
}
