import { Alert, AlertActionLink, Button, Card, CardBody, CardTitle, Grid, GridItem, Label, PageSection } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { api, type Schema } from '../../api/client';
import { meQuery, useMe } from '../../api/session';
import { Loaded } from '../../ui/Loaded';
import { PageHead } from '../../ui/PageHead';
import { Picture } from '../../ui/Picture';
import { Time } from '../../ui/Time';
import { useSay } from '../../ui/toasts';
import { NewRepository } from '../repositories/NewRepository';
import { t } from './messages';

/** What I use: my stars, what was pushed lately, where I belong. */
export function HomePage() {
  const me = useMe()!;
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHead title={t('hello', { name: me.given_name ?? me.username })} actions={<Button onClick={() => setMaking(true)}>{t('newRepository')}</Button>} />
      <PageSection>
        <Invites />
        <Grid hasGutter>
          <GridItem lg={7}><RecentPushes /></GridItem>
          <GridItem lg={5}>
            <Grid hasGutter>
              <GridItem><Starred /></GridItem>
              <GridItem><Namespaces /></GridItem>
            </Grid>
          </GridItem>
        </Grid>
      </PageSection>
      {making && <NewRepository onClose={() => setMaking(false)} />}
    </>
  );
}

function RecentPushes() {
  const query = useQuery({ queryKey: ['repositories', 'recent'], queryFn: () => api((c) => c.GET('/api/v1/user/recent', { params: { query: { limit: 12 } } })) });
  return (
    <Card>
      <CardTitle component="h2">{t('recent')}</CardTitle>
      <CardBody>
        <Loaded query={query}>
          {({ pushes }) => pushes.length === 0 ? <><p className="wharf-faint">{t('recentNone')}</p><Link to="/welcome">{t('firstPush')}</Link></> : (
            <ul className="wharf-rows">
              {pushes.map((each) => (
                <li key={`${each.repository}:${each.tag} ${each.pushed}`}>
                  <Link to="/repository/$" params={{ _splat: `${each.repository}/tag/${each.tag}` }}>{each.repository}:{each.tag}</Link>
                  <span className="wharf-faint"><Time at={each.pushed} />{each.by && ` ${t('by', { name: each.by })}`}</span>
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </CardBody>
    </Card>
  );
}

function Starred() {
  const query = useQuery({ queryKey: ['repositories', 'starred'], queryFn: () => api((c) => c.GET('/api/v1/user/starred')) });
  return (
    <Card>
      <CardTitle component="h2">{t('starred')}</CardTitle>
      <CardBody>
        <Loaded query={query}>
          {({ repositories }) => (repositories ?? []).length === 0 ? <p className="wharf-faint">{t('starredNone')}</p> : (
            <ul className="wharf-rows">
              {repositories!.map((each) => <li key={`${each.namespace}/${each.name}`}><Link to="/repository/$" params={{ _splat: `${each.namespace}/${each.name}` }}>{each.namespace}/{each.name}</Link></li>)}
            </ul>
          )}
        </Loaded>
      </CardBody>
    </Card>
  );
}

function Namespaces() {
  const me = useMe()!;
  return (
    <Card>
      <CardTitle component="h2">{t('yours')}</CardTitle>
      <CardBody>
        <ul className="wharf-rows">
          <li><span className="wharf-who"><Picture avatar={me.avatar} /><Link to="/user/$org" params={{ org: me.username }}>{me.username}</Link></span><Label isCompact>{t('ownSpace')}</Label></li>
          {me.organizations.map((each) => (
            <li key={each.name}>
              <span className="wharf-who"><Picture avatar={each.avatar} /><Link to="/organization/$org" params={{ org: each.name }}>{each.name}</Link></span>
              <Label isCompact color={each.is_org_admin ? 'blue' : 'grey'}>{t(each.is_org_admin ? 'admin' : 'member')}</Label>
            </li>
          ))}
        </ul>
      </CardBody>
    </Card>
  );
}

function Invites() {
  const say = useSay();
  const queries = useQueryClient();
  const { data } = useQuery({ queryKey: ['teaminvites'], queryFn: () => api((c) => c.GET('/api/v1/user/teaminvites')) });
  const answer = async (invite: Schema<'ShownInvite'>, accept: boolean) => {
    const params = { path: { code: invite.code! } };
    try {
      if (accept) await api((c) => c.PUT('/api/v1/teaminvite/{code}', { params }));
      else await api((c) => c.DELETE('/api/v1/teaminvite/{code}', { params }));
      say.done(accept ? t('joined', { team: invite.team!, org: invite.org! }) : t('declined'));
      await Promise.all([queries.invalidateQueries({ queryKey: ['teaminvites'] }), queries.invalidateQueries({ queryKey: meQuery.queryKey })]);
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  return data?.invites?.map((each) => (
    <Alert
      key={each.code} isInline variant="info" component="p" className="wharf-invite"
      title={each.inviter ? t('invite', { inviter: each.inviter, team: each.team!, org: each.org! }) : t('inviteNobody', { team: each.team!, org: each.org! })}
      actionLinks={<><AlertActionLink onClick={() => void answer(each, true)}>{t('accept')}</AlertActionLink><AlertActionLink onClick={() => void answer(each, false)}>{t('decline')}</AlertActionLink></>}
    />
  ));
}
