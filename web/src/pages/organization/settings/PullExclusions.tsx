import { Button, Card, CardBody, CardHeader, CardTitle, FormGroup } from '@patternfly/react-core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api } from '../../../api/client';
import { Ask } from '../../../ui/Ask';
import { useAttempt } from '../../../ui/attempt';
import { EntityPicker, type Entity } from '../../../ui/entities/EntityPicker';
import { kindName } from '../../../ui/kinds';
import { Loaded } from '../../../ui/Loaded';
import { Time } from '../../../ui/Time';
import { useSay } from '../../../ui/toasts';
import { t } from './messages';

const pullers = ['user', 'robot'] as const;

/** Whose pulls tell nothing of whether an image is used: scanners, mirrors. */
export function PullExclusions({ orgname }: { orgname: string }) {
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const [adding, setAdding] = useState(false);
  const [picked, setPicked] = useState<Entity | null>(null);
  const query = useQuery({ queryKey: ['pullexclusions', orgname], queryFn: ({ signal }) => api((c) => c.GET('/api/v1/organization/{orgname}/pullstatistics/exclusions', { params: { path: { orgname } }, signal })) });
  const refresh = () => queries.invalidateQueries({ queryKey: ['pullexclusions', orgname] });
  const path = (membername: string) => ({ params: { path: { orgname, membername } } });
  const add = async (name: string) => {
    await api((c) => c.PUT('/api/v1/organization/{orgname}/pullstatistics/exclusions/{membername}', path(name)));
    await refresh();
  };
  const remove = async (name: string) => {
    await api((c) => c.DELETE('/api/v1/organization/{orgname}/pullstatistics/exclusions/{membername}', path(name)));
    await refresh();
  };
  const exclude = async () => {
    const name = picked!.name!;
    await add(name);
    say.done(t('excluded', { name }), () => remove(name));
  };
  const close = () => { setAdding(false); setPicked(null); };
  return (
    <Card>
      <CardHeader actions={{ actions: <Button variant="secondary" onClick={() => setAdding(true)}>{t('exclude')}</Button> }}><CardTitle component="h2">{t('exclusions')}</CardTitle></CardHeader>
      <CardBody>
        <p className="wharf-faint">{t('exclusionsHelp')}</p>
        <Loaded query={query}>
          {({ exclusions }) => exclusions.length === 0 ? <p>{t('noExclusions')}</p> : (
            <ul className="wharf-rows" aria-label={t('exclusions')}>
              {exclusions.map((each) => (
                <li key={each.name}>
                  <span>{each.name} <span className="wharf-faint">{kindName(each.kind)}, {t('excludedSince')} <Time at={each.created} /></span></span>
                  <Button variant="link" isInline aria-label={t('countAgainOf', { name: each.name })} onClick={() => attempt(async () => { await remove(each.name); say.done(t('counted', { name: each.name }), () => add(each.name)); })}>{t('countAgain')}</Button>
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </CardBody>
      {adding && (
        <Ask title={t('excludeTitle')} action={t('exclude')} onAction={exclude} onClose={close} ready={picked !== null}>
          <FormGroup label={t('puller')} fieldId="excluded"><EntityPicker label={t('puller')} namespace={orgname} teams={false} kinds={pullers} onPick={setPicked} /></FormGroup>
        </Ask>
      )}
    </Card>
  );
}
