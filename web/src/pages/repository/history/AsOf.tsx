import { Button, Card, CardBody, CardTitle, Label, List, ListItem, Slider } from '@patternfly/react-core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { ago, exact } from '../../../messages/format';
import { Ask } from '../../../ui/Ask';
import { Loaded } from '../../../ui/Loaded';
import { useSay } from '../../../ui/toasts';
import { useDelayed } from '../../../ui/useDelayed';
import type { Repository } from '../queries';
import { t } from './messages';

const steps = 100;
const words = { added: 'added', moved: 'changed', changed: 'changed', removed: 'gonesince' } as const;

/** A slider through the time machine's window: what differs between then and now, and the way back. */
export function AsOf({ shown }: { shown: Repository }) {
  const repository = `${shown.namespace}/${shown.name}`;
  const window = Math.max(3600, shown.tag_expiration_s ?? 1_209_600);
  const [step, setStep] = useState(steps);
  // The slider says each step that it passes; asked for is where it stays.
  const settled = useDelayed(step, 250);
  const [opened] = useState(() => Date.now());
  const at = (value: number) => new Date(opened - ((steps - value) / steps) * window * 1000);
  const [rewinding, setRewinding] = useState<Schema<'Rewound'> | null>(null);
  const isNow = settled === steps;
  const from = at(settled).toISOString();
  const say = useSay();
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ['history', repository, 'diff', from],
    queryFn: ({ signal }) => api((c) => c.GET('/api/v1/repository/{repository}/timemachine/diff', { params: { path: { repository }, query: { from } }, signal })),
    enabled: !isNow,
    placeholderData: keepPreviousData,
  });
  const plan = (dry_run: boolean) => api((c) => c.POST('/api/v1/repository/{repository}/timemachine/restore', { params: { path: { repository }, query: { dry_run } }, body: { as_of: from } }));
  const ask = async () => {
    try {
      setRewinding(await plan(true));
    } catch (fault) {
      say.failed(t('failed'), fault);
    }
  };
  const rewind = async () => {
    await plan(false);
    await Promise.all([queries.invalidateQueries({ queryKey: ['history', repository] }), queries.invalidateQueries({ queryKey: ['tags', repository] })]);
    say.done(t('rewound', { when: ago(at(settled)) }));
    setStep(steps);
  };
  return (
    <Card isCompact>
      <CardTitle component="h2">{t('asOf')} {step === steps ? t('now') : ago(at(step))}</CardTitle>
      <CardBody>
        <p className="wharf-faint">{step === steps ? t('asOfHelp') : exact(at(step))}</p>
        <Slider value={step} max={steps} min={0} step={1} showBoundaries={false} aria-label={t('asOf')} onChange={(_, value) => setStep(value)} />
        {!isNow && (
          <Loaded query={query}>
            {({ differences }) => (differences ?? []).length === 0 ? <p>{t('same')}</p> : (
              <>
                <p>{t('differences', { count: differences!.length })}</p>
                <List isPlain>
                  {differences!.slice(0, 50).map((each) => <ListItem key={each.name}><code>{each.name}</code> <Label isCompact color={each.change === 'removed' ? 'red' : each.change === 'added' ? 'green' : 'blue'}>{t(words[each.change as keyof typeof words] ?? 'changed')}</Label></ListItem>)}
                </List>
                {shown.can_write && <Button variant="secondary" onClick={() => void ask()}>{t('rewind')}</Button>}
              </>
            )}
          </Loaded>
        )}
        {rewinding && (
          <Ask title={t('rewindTitle')} action={t('rewind')} onAction={rewind} onClose={() => setRewinding(null)}>
            <p>{t('rewindBody', { when: ago(at(settled)), added: rewinding.added ?? 0, moved: rewinding.moved ?? 0, removed: rewinding.removed ?? 0 })}</p>
            {(rewinding.missing ?? []).length > 0 && <p>{t('rewindMissing', { tags: rewinding.missing!.join(', ') })}</p>}
          </Ask>
        )}
      </CardBody>
    </Card>
  );
}
