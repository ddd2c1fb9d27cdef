import { Button } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Schema } from '../../../api/client';
import { Ask } from '../../../ui/Ask';
import { useAttempt } from '../../../ui/attempt';
import { Listing } from '../../../ui/Listing';
import { usePages } from '../../../ui/pages';
import { Time } from '../../../ui/Time';
import { useSay } from '../../../ui/toasts';
import { robotsOf, shortName, type Place } from '../place';
import { Credentials } from './Credentials';
import { EditRobot, stateOf, type RobotState } from './EditRobot';
import { t } from './messages';
import { NewRobot } from './NewRobot';

type Robot = Schema<'RobotView'>;

/** The robots of a namespace, with what their programs need to sign in. */
export function RobotsTab({ of, namespace }: { of: Place; namespace: string }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const operations = useMemo(() => robotsOf(of), [of]);
  const [making, setMaking] = useState(false);
  const [shown, setShown] = useState<Pick<Robot, 'name' | 'token'> | null>(null);
  const [editing, setEditing] = useState<{ name: string; now: RobotState } | null>(null);
  const [removing, setRemoving] = useState<Robot | null>(null);
  const query = usePages(['robots', of], operations.list);
  const refresh = () => queries.invalidateQueries({ queryKey: ['robots', of] });
  const edit = (robot: Robot) => attempt(async () => setEditing({ name: robot.name, now: await stateOf(of, robot) }));
  const remove = async () => {
    await operations.remove(shortName(removing!.name));
    await refresh();
    say.done(t('removed', { name: removing!.name }));
  };
  return (
    <>
      <Listing
        query={query} rows={(page) => page.robots} rowKey={(each) => each.name} title={t('robots')} help={t('help')} empty={{ title: t('none'), body: t('noneBody') }}
        make={<Button onClick={() => setMaking(true)}>{t('new')}</Button>}
        columns={[
          { title: t('robot'), cell: (each) => <><Button variant="link" isInline onClick={() => setShown({ name: each.name })}>{each.name}</Button>{each.description && <div className="wharf-faint">{each.description}</div>}</> },
          ...('organization' in of ? [{ title: t('teams'), cell: (each: Robot) => each.teams?.map((team) => team.name).join(', ') }] : []),
          { title: t('repositories'), cell: (each) => each.repositories?.length ?? 0 },
          { title: t('lastUsed'), cell: (each) => <Time at={each.last_accessed} /> },
          { title: t('expires'), cell: (each) => <Time at={each.expires} /> },
        ]}
        actions={(each) => (
          <>
            <Button variant="link" isInline aria-label={t('credentialsOf', { name: each.name })} onClick={() => setShown({ name: each.name })}>{t('credentials')}</Button>
            <Button variant="link" isInline aria-label={t('editOf', { name: each.name })} onClick={() => edit(each)}>{t('edit')}</Button>
            <Button variant="link" isInline isDanger aria-label={t('removeOf', { name: each.name })} onClick={() => setRemoving(each)}>{t('remove')}</Button>
          </>
        )}
      />
      {making && <NewRobot of={of} namespace={namespace} onMade={(robot) => { setMaking(false); setShown(robot); void refresh(); }} onClose={() => setMaking(false)} />}
      {shown && <Credentials of={of} robot={shown} onClose={() => setShown(null)} />}
      {editing && <EditRobot of={of} namespace={namespace} {...editing} onClose={() => setEditing(null)} />}
      {removing && <Ask danger title={t('removeTitle', { name: removing.name })} action={t('remove')} onAction={remove} onClose={() => setRemoving(null)}><p>{t('removeBody')}</p></Ask>}
    </>
  );
}
