import { FormGroup } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schema } from '../../../api/client';
import { instant } from '../../../messages/format';
import { Ask } from '../../../ui/Ask';
import type { Role } from '../../../ui/entities/RoleSelect';
import { useSay } from '../../../ui/toasts';
import { robotsOf, shortName, type Place } from '../place';
import { changeRights } from './changeRights';
import { dayOf, endOn } from './ends';
import { GrantChoice } from './GrantChoice';
import { t } from './messages';
import type { Rights } from './rights';
import { RobotFields } from './RobotFields';
import { TeamChoice } from './TeamChoice';

/** What can be changed of a robot. */
export type RobotState = Rights & { description: string; ends: string };

export async function stateOf(of: Place, robot: Schema<'RobotView'>): Promise<RobotState> {
  const { permissions } = await robotsOf(of).grants(shortName(robot.name));
  const expires = instant(robot.expires);
  return {
    description: robot.description,
    ends: expires ? dayOf(expires) : '',
    teams: new Set(robot.teams?.map((team) => team.name)),
    grants: new Map(permissions.map((each) => [each.repository.name, each.role as Role])),
  };
}

/** Changes what is said of a robot, its teams and its grants. */
export function EditRobot({ of, namespace, name, now, onClose }: { of: Place; namespace: string; name: string; now: RobotState; onClose: () => void }) {
  const say = useSay();
  const queries = useQueryClient();
  const [description, setDescription] = useState(now.description);
  const [ends, setEnds] = useState(now.ends);
  const [teams, setTeams] = useState(now.teams);
  const [grants, setGrants] = useState(now.grants);
  const change = async (from: RobotState, to: RobotState) => {
    try {
      if (to.description !== from.description || to.ends !== from.ends)
        await robotsOf(of).change(shortName(name), { description: to.description, ...(to.ends === from.ends ? {} : { expiration: to.ends ? endOn(to.ends) : 0 }) });
      await changeRights(namespace, name, from, to);
    } finally {
      await queries.invalidateQueries({ queryKey: ['robots', of] });
    }
  };
  const save = async () => {
    const next = { description, ends, teams, grants };
    await change(now, next);
    say.done(t('changed', { name }), () => change(next, now));
  };
  return (
    <Ask wide title={t('editTitle', { name })} action={t('save')} onAction={save} onClose={onClose}>
      <RobotFields description={description} onDescription={setDescription} ends={ends} onEnds={setEnds} />
      {'organization' in of && <FormGroup role="group" label={t('teams')}><TeamChoice orgname={namespace} chosen={teams} onChange={setTeams} /></FormGroup>}
      <FormGroup role="group" label={t('repositories')}><GrantChoice namespace={namespace} grants={grants} onChange={setGrants} /></FormGroup>
    </Ask>
  );
}
