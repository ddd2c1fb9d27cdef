import { Button, Card, CardBody, CardHeader, CardTitle, Grid, GridItem, Label, Progress } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { Schema } from '../../../api/client';
import { useMe } from '../../../api/session';
import { bytes, date, instant } from '../../../messages/format';
import { useAttempt } from '../../../ui/attempt';
import { Loaded } from '../../../ui/Loaded';
import { Time } from '../../../ui/Time';
import { useSay } from '../../../ui/toasts';
import { usageOf, type Place } from '../place';
import { ForecastChart } from './ForecastChart';
import { t } from './messages';
import { QuotaDialog } from './QuotaDialog';
import { quotasOf, type Rationed } from './quotas';
import { ruleOf } from './rule';

/** What a namespace holds, what it may hold, and when there is no room any more. */
export function UsageTab({ of }: { of: Place }) {
  const me = useMe()!;
  const [editing, setEditing] = useState<Schema<'ShownQuota'> | 'new' | null>(null);
  const rationed = useMemo<Rationed>(() => 'organization' in of ? of : { person: me.username }, [of, me.username]);
  const maySet = 'organization' in of || me.super_user === true;
  const query = useQuery({ queryKey: ['usage', of], queryFn: () => usageOf(of) });
  return (
    <Loaded query={query}>
      {(usage) => {
        const whole = usage.quotas.find((each) => each.prefix === '');
        return (
          <Grid hasGutter>
            <GridItem lg={5}>
              <Card isFullHeight>
                <CardTitle component="h2">{t('holds')}</CardTitle>
                <CardBody>
                  <dl className="wharf-pairs">
                    <dt>{t('total')}</dt><dd>{bytes(usage.bytes)}</dd>
                    <dt>{t('current')}</dt><dd>{bytes(usage.current_bytes)}</dd>
                    <dt>{t('timeMachine')}</dt><dd>{bytes(usage.time_machine_bytes)}</dd>
                    <dt>{t('asOf')}</dt><dd><Time at={usage.as_of} /></dd>
                  </dl>
                  <p className="wharf-faint">{t('timeMachineHelp')}</p>
                </CardBody>
              </Card>
            </GridItem>
            <GridItem lg={7}>
              <Card isFullHeight>
                <CardHeader actions={maySet ? { actions: <Button variant="secondary" onClick={() => setEditing('new')}>{t('new')}</Button> } : undefined}><CardTitle component="h2">{t('quotas')}</CardTitle></CardHeader>
                <CardBody>{usage.quotas.length === 0 ? <p className="wharf-faint">{t('noQuota')}</p> : <div className="wharf-commands">{usage.quotas.map((each) => <Quota key={each.prefix} of={rationed} quota={each} onEdit={setEditing} />)}</div>}</CardBody>
                {editing && <QuotaDialog of={rationed} quota={editing === 'new' ? null : editing} mayBeWhole={me.super_user === true && (whole === undefined || whole.is_default)} onClose={() => setEditing(null)} />}
              </Card>
            </GridItem>
            <GridItem>
              <Card>
                <CardTitle component="h2">{t('chart')}</CardTitle>
                <CardBody><ForecastChart days={usage.days} growth={whole?.growth_bytes_per_day} limit={whole?.limit_bytes} /></CardBody>
              </Card>
            </GridItem>
          </Grid>
        );
      }}
    </Loaded>
  );
}

function Quota({ of, quota, onEdit }: { of: Rationed; quota: Schema<'ShownQuotaUsage'>; onEdit: (quota: Schema<'ShownQuota'>) => void }) {
  const me = useMe()!;
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const operations = useMemo(() => quotasOf(of), [of]);
  const edit = () => attempt(async () => onEdit(await operations.show(quota.id!)));
  const remove = () => attempt(async () => {
    const former = await operations.show(quota.id!);
    const refresh = () => queries.invalidateQueries({ queryKey: ['usage'] });
    await operations.remove(former.id);
    await refresh();
    say.done(t('removed', { name }), async () => {
      await operations.create(quota.prefix, ruleOf(former));
      await refresh();
    });
  });
  const state = quota.reject_bytes !== undefined && quota.bytes >= quota.reject_bytes ? 'full' : quota.warn_bytes !== undefined && quota.bytes >= quota.warn_bytes ? 'warn' : 'ok';
  const full = instant(quota.full_on);
  const name = quota.prefix === '' ? t('all') : quota.prefix;
  return (
    <div>
      <Progress
        id={`quota-${quota.prefix}`} aria-label={name} title={name} value={Math.min(100, quota.percent)} label={`${t('of', { used: bytes(quota.bytes), limit: bytes(quota.limit_bytes) })}`}
        variant={state === 'full' ? 'danger' : state === 'warn' ? 'warning' : undefined}
      />
      <span className="wharf-who">
        <Label isCompact color={state === 'full' ? 'red' : state === 'warn' ? 'orange' : 'green'}>{t(`state_${state}`)}</Label>
        {quota.is_default && <Label isCompact>{t('byDefault')}</Label>}
        <span className="wharf-faint">{[quota.growth_bytes_per_day !== undefined ? t('growth', { bytes: bytes(quota.growth_bytes_per_day) }) : '', full ? t('full', { day: date(full) }) : ''].filter(Boolean).join(', ')}</span>
        {quota.id !== undefined && !quota.is_default && (me.super_user || ('organization' in of && quota.prefix !== '')) && (
          <span className="wharf-buttons">
            <Button variant="link" isInline aria-label={t('editOf', { name })} onClick={edit}>{t('edit')}</Button>
            <Button variant="link" isInline isDanger aria-label={t('removeOf', { name })} onClick={remove}>{t('remove')}</Button>
          </span>
        )}
      </span>
    </div>
  );
}
