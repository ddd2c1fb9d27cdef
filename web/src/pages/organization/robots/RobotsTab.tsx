import { Button, Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Schema } from '../../../api/client';
import { Ask } from '../../../ui/Ask';
import { Pages } from '../../../ui/More';
import { usePages } from '../../../ui/pages';
import { Teach } from '../../../ui/Teach';
import { Time } from '../../../ui/Time';
import { useSay } from '../../../ui/toasts';
import { robotsOf, shortName, type Place } from '../place';
import { Credentials } from './Credentials';
import { t } from './messages';
import { NewRobot } from './NewRobot';

type Robot = Schema<'RobotView'>;

/** The robots of a namespace, with what their programs need to sign in. */
export function RobotsTab({ of, namespace }: { of: Place; namespace: string }) {
  const say = useSay();
  const queries = useQueryClient();
  const operations = useMemo(() => robotsOf(of), [of]);
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<Pick<Robot, 'name' | 'token'> | null>(null);
  const [removing, setRemoving] = useState<Robot | null>(null);
  const query = usePages(['robots', of], operations.list);
  const refresh = () => queries.invalidateQueries({ queryKey: ['robots', of] });
  const remove = async () => {
    await operations.remove(shortName(removing!.name));
    await refresh();
    say.done(t('removed', { name: removing!.name }));
  };
  const make = <Button onClick={() => setMaking(true)}>{t('new')}</Button>;
  return (
    <>
      <Pages query={query} rows={(page) => page.robots}>
        {(rows) => rows.length === 0 ? <Teach title={t('none')} actions={make}>{t('noneBody')}</Teach> : (
          <>
            <Toolbar><ToolbarContent><ToolbarItem className="wharf-faint">{t('help')}</ToolbarItem><ToolbarItem align={{ default: 'alignEnd' }}>{make}</ToolbarItem></ToolbarContent></Toolbar>
            <Table variant="compact" aria-label={t('robots')}>
              <Thead><Tr><Th>{t('robot')}</Th><Th>{t('teams')}</Th><Th>{t('repositories')}</Th><Th>{t('lastUsed')}</Th><Th>{t('expires')}</Th><Th screenReaderText={t('actions')} /></Tr></Thead>
              <Tbody>
                {rows.map((each) => (
                  <Tr key={each.name}>
                    <Td dataLabel={t('robot')}><Button variant="link" isInline onClick={() => setShown({ name: each.name })}>{each.name}</Button>{each.description && <div className="wharf-faint">{each.description}</div>}</Td>
                    <Td dataLabel={t('teams')}>{each.teams?.map((team) => team.name).join(', ')}</Td>
                    <Td dataLabel={t('repositories')}>{each.repositories?.length ?? 0}</Td>
                    <Td dataLabel={t('lastUsed')}><Time at={each.last_accessed} /></Td>
                    <Td dataLabel={t('expires')}><Time at={each.expires} /></Td>
                    <Td isActionCell>
                      <span className="wharf-buttons">
                        <Button variant="link" isInline aria-label={t('credentialsOf', { name: each.name })} onClick={() => setShown({ name: each.name })}>{t('credentials')}</Button>
                        <Button variant="link" isInline isDanger aria-label={t('removeOf', { name: each.name })} onClick={() => setRemoving(each)}>{t('remove')}</Button>
                      </span>
                    </Td>
                  </Tr>
                ))}
              </Tbody>
            </Table>
          </>
        )}
      </Pages>
      {making && <NewRobot of={of} namespace={namespace} onMade={(robot) => { setMaking(false); setShown(robot); void refresh(); }} onClose={() => setMaking(false)} />}
      {shown && <Credentials of={of} robot={shown} onClose={() => setShown(null)} />}
      {removing && <Ask danger title={t('removeTitle', { name: removing.name })} action={t('remove')} onAction={remove} onClose={() => setRemoving(null)}><p>{t('removeBody')}</p></Ask>}
    </>
  );
}
