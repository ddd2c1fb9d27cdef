import { Alert, Form, FormGroup, FormHelperText, HelperText, HelperTextItem, Modal, TextInput, Wizard, WizardHeader, WizardStep } from '@patternfly/react-core';
import { useState } from 'react';
import type { Schema } from '../../../api/client';
import type { Role } from '../../../ui/entities/RoleSelect';
import { explain } from '../../../ui/Problem';
import { useSay } from '../../../ui/toasts';
import { robotsOf, type Place } from '../place';
import { changeRights } from './changeRights';
import { endOn } from './ends';
import { GrantChoice } from './GrantChoice';
import { t } from './messages';
import { noRights } from './rights';
import { RobotFields } from './RobotFields';
import { TeamChoice } from './TeamChoice';

/** Makes a robot in steps: what it is called, its teams, its grants. */
export function NewRobot({ of, namespace, onMade, onClose }: { of: Place; namespace: string; onMade: (robot: Schema<'RobotView'>) => void; onClose: () => void }) {
  const say = useSay();
  const [name, setName] = useState('');
  const [description, setDescription] = useState('');
  const [ends, setEnds] = useState('');
  const [teams, setTeams] = useState<ReadonlySet<string>>(new Set());
  const [grants, setGrants] = useState<ReadonlyMap<string, Role>>(new Map());
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const whole = `${namespace}+${name}`;

  const create = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const robot = await robotsOf(of).create(name, { description, ...(ends ? { expiration: endOn(ends) } : {}) });
      try {
        await changeRights(namespace, whole, noRights, { teams, grants });
        say.done(t('created', { name: whole }));
      } catch (fault) {
        say.failed(t('notAll'), fault);
      }
      onMade(robot);
    } catch (fault) {
      setProblem(explain(fault));
      setBusy(false);
    }
  };

  const inOrganization = 'organization' in of;
  const words = { nextButtonText: t('next'), backButtonText: t('back'), cancelButtonText: t('cancel') };
  return (
    <Modal isOpen variant="large" aria-label={t('newTitle', { namespace })} onEscapePress={onClose} elementToFocus="#robot-named">
      {/* PatternFly calls the button of the steps “Wizard toggle” on a phone; what stands on it says more. */}
      <div className="wharf-wizard" ref={(node) => node?.querySelector('.pf-v6-c-wizard__toggle')?.removeAttribute('aria-label')}>
        <Wizard height={560} header={<WizardHeader title={t('newTitle', { namespace })} titleId="new-robot" onClose={onClose} closeButtonAriaLabel={t('close')} />} onClose={onClose} onSave={() => void create()}>
          <WizardStep id="robot-name" name={t('stepName')} footer={{ ...words, isNextDisabled: name === '' }}>
            <Form onSubmit={(e) => e.preventDefault()}>
              <FormGroup label={t('name')} fieldId="robot-named" isRequired>
                <TextInput id="robot-named" isRequired autoCapitalize="none" spellCheck={false} value={name} onChange={(_, value) => setName(value.trim())} />
                <FormHelperText><HelperText><HelperTextItem>{t('nameHelp', { whole })}</HelperTextItem></HelperText></FormHelperText>
              </FormGroup>
              <RobotFields description={description} onDescription={setDescription} ends={ends} onEnds={setEnds} />
            </Form>
          </WizardStep>
          <WizardStep id="robot-teams" name={t('stepTeams')} isHidden={!inOrganization} footer={words}>
            {inOrganization && <TeamChoice orgname={namespace} chosen={teams} onChange={setTeams} />}
          </WizardStep>
          <WizardStep id="robot-repositories" name={t('stepRepositories')} isDisabled={name === ''} footer={words}>
            <GrantChoice namespace={namespace} grants={grants} onChange={setGrants} />
          </WizardStep>
          <WizardStep id="robot-review" name={t('stepReview')} isDisabled={name === ''} footer={{ ...words, nextButtonText: t('create'), isNextDisabled: busy || name === '' }}>
            {problem !== null && <Alert isInline variant="danger" title={problem} component="p" />}
            <dl className="wharf-pairs">
              <dt>{t('name')}</dt><dd>{whole}</dd>
              {description && <><dt>{t('description')}</dt><dd>{description}</dd></>}
              <dt>{t('expiry')}</dt><dd>{ends || t('never')}</dd>
              {inOrganization && <><dt>{t('teams')}</dt><dd>{[...teams].join(', ') || t('nothing')}</dd></>}
              <dt>{t('repositories')}</dt><dd>{[...grants].map(([repository, role]) => `${repository} (${role})`).join(', ') || t('nothing')}</dd>
            </dl>
          </WizardStep>
        </Wizard>
      </div>
    </Modal>
  );
}
