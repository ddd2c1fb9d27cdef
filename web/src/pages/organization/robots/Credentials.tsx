import { Alert, Button, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Schema } from '../../../api/client';
import { Ask } from '../../../ui/Ask';
import { Code } from '../../../ui/Copy';
import { Loaded } from '../../../ui/Loaded';
import { useSay } from '../../../ui/toasts';
import { robotsOf, shortName, type Place } from '../place';
import { t } from './messages';

const files = [
  { format: 'kubernetes-secret', title: t('kubernetes'), how: t('kubernetesHow') },
  { format: 'podman-login', title: t('podman'), how: t('loginHow') },
  { format: 'docker-login', title: t('docker'), how: t('loginHow') },
  { format: 'docker-config', title: t('config'), how: t('configHow') },
] as const;

/** What signs a program in as a robot, in the five forms that programs take. */
export function Credentials({ of, robot, onClose }: { of: Place; robot: Pick<Schema<'RobotView'>, 'name' | 'token'>; onClose: () => void }) {
  const say = useSay();
  const queries = useQueryClient();
  const operations = useMemo(() => robotsOf(of), [of]);
  const name = shortName(robot.name);
  const [made, setMade] = useState(robot.token);
  const [tab, setTab] = useState<string>('token');
  const [asking, setAsking] = useState(false);
  const query = useQuery({ queryKey: ['robot', robot.name], queryFn: () => operations.show(name) });
  const regenerate = async () => {
    setMade((await operations.regenerate(name)).token);
    await queries.invalidateQueries({ queryKey: ['robot', robot.name] });
    say.done(t('regenerated', { name: robot.name }));
  };
  return (
    <>
      <Modal isOpen variant="medium" onClose={onClose} aria-labelledby="credentials-title">
        <ModalHeader title={t('credentialsOf', { name: robot.name })} labelId="credentials-title" />
        <ModalBody>
          <Loaded query={query}>
            {(shown) => {
              const token = made ?? shown.token;
              return (
                <Tabs activeKey={tab} onSelect={(_, key) => setTab(String(key))} aria-label={t('format')} isBox>
                  {[<Tab key="token" eventKey="token" title={<TabTitleText>{t('token')}</TabTitleText>}>
                    <div className="wharf-commands">
                      <FormGroup role="group" label={t('user')}><Code text={robot.name} what={t('user')} /></FormGroup>
                      {token ? <FormGroup role="group" label={t('password')}><Code text={token} what={t('token')} /></FormGroup> : <Alert isInline variant="info" component="p" title={t('hidden')} />}
                    </div>
                  </Tab>, ...files.map((each) => (
                    <Tab key={each.format} eventKey={each.format} title={<TabTitleText>{each.title}</TabTitleText>}>
                      {tab === each.format && (shown.token ? <File of={of} robot={robot.name} format={each.format} title={each.title} how={each.how} /> : <div className="wharf-commands"><Alert isInline variant="info" component="p" title={t('hidden')} /></div>)}
                    </Tab>
                  ))]}
                </Tabs>
              );
            }}
          </Loaded>
        </ModalBody>
        <ModalFooter>
          <Button onClick={onClose}>{t('close')}</Button>
          <Button variant="secondary" onClick={() => setAsking(true)}>{t('regenerate')}</Button>
        </ModalFooter>
      </Modal>
      {asking && <Ask danger title={t('regenerateTitle', { name: robot.name })} action={t('regenerate')} onAction={regenerate} onClose={() => setAsking(false)}><p>{t('regenerateBody')}</p></Ask>}
    </>
  );
}

function File({ of, robot, format, title, how }: { of: Place; robot: string; format: string; title: string; how: string }) {
  const query = useQuery({ queryKey: ['robot', robot, format], queryFn: () => robotsOf(of).credentials(shortName(robot), format) as Promise<unknown> as Promise<string>, gcTime: 0 });
  return <div className="wharf-commands"><p>{how}</p><Loaded query={query}>{(text) => <Code text={text.trimEnd()} what={title} />}</Loaded></div>;
}
