import { Alert, AlertActionLink, Card, CardBody, PageSection, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { api } from '../../api/client';
import { registryHost, useMe } from '../../api/session';
import { ago, instant } from '../../messages/format';
import { Code } from '../../ui/Copy';
import { PageHead } from '../../ui/PageHead';
import { t } from './messages';
import { pushCommands } from './pushCommands';

/** How to push the first image, from here to this very address; it lights up when one has arrived. */
export function WelcomePage() {
  const me = useMe()!;
  const navigate = useNavigate();
  const host = registryHost();
  const secure = window.location.protocol === 'https:';
  const commands = pushCommands(host, me.username, secure);
  const [open, setOpen] = useState(commands[0]!.client);
  const { data } = useQuery({
    queryKey: ['repositories', 'own', me.username],
    queryFn: () => api((c) => c.GET('/api/v1/repository', { params: { query: { namespace: me.username, last_modified: true } } })),
    refetchInterval: 5_000, // beside the live events, should a proxy hold those back
  });
  const first = data?.repositories?.find((each) => each.last_modified);
  const arrived = first && instant(first.last_modified);

  return (
    <>
      <PageHead title={t('pushTitle')}>{t('pushLead', { host })}</PageHead>
      <PageSection className="wharf-narrow">
        <Card>
          <CardBody>
            <Tabs activeKey={open} onSelect={(_, key) => setOpen(key as typeof open)} aria-label={t('which')}>
              {commands.map((each) => (
                <Tab key={each.client} eventKey={each.client} title={<TabTitleText>{each.client}</TabTitleText>}>
                  <div className="wharf-commands">{each.lines.map((line) => <Code key={line} text={line} what={t('client')} />)}</div>
                </Tab>
              ))}
            </Tabs>
            {!secure && <p className="wharf-faint">{t('insecure', { host })}</p>}
            <p className="wharf-faint">{t('robots')}</p>
          </CardBody>
        </Card>
        <div aria-live="polite" className="wharf-arrival">
          {first && arrived
            ? (
              <Alert
                variant="success" isInline title={t('arrived', { name: `${first.namespace}/${first.name}` })} component="p"
                actionLinks={<AlertActionLink onClick={() => void navigate({ to: '/repository/$', params: { _splat: `${first.namespace}/${first.name}` }, search: { tab: 'tags' } })}>{t('look')}</AlertActionLink>}
              >
                {t('arrivedBody', { when: ago(arrived) })}
              </Alert>
            )
            : <Alert variant="info" isInline title={t('waiting')} component="p" className="wharf-waiting" />}
        </div>
        <p><Link to="/">{t('later')}</Link></p>
      </PageSection>
    </>
  );
}
