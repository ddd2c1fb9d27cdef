import { Button, Card, CardBody, CardHeader, CardTitle, Checkbox } from '@patternfly/react-core';
import { useMemo, useState } from 'react';
import { useSearch } from '../../ui/search';
import { HoldList } from './HoldList';
import { t } from './messages';
import { NewHold } from './NewHold';

/** The holds on an organization, or on one of its repositories, among its settings. */
export function HoldsCard({ organization, repository }: { organization: string; repository?: string }) {
  const [search, change] = useSearch();
  const [making, setMaking] = useState(false);
  const of = useMemo(() => ({ organization, ...(repository === undefined ? {} : { repository }) }), [organization, repository]);
  const lifted = search['lifted'] === 'true';
  return (
    <Card>
      <CardHeader actions={{ actions: <Button variant="secondary" onClick={() => setMaking(true)}>{t('new')}</Button> }}><CardTitle component="h2">{t('title')}</CardTitle></CardHeader>
      <CardBody>
        <p className="wharf-faint">{t('help')}</p>
        <Checkbox id="lifted-holds" label={t('lifted')} isChecked={lifted} onChange={(_, on) => change({ lifted: on ? 'true' : undefined })} />
        <HoldList of={of} lifted={lifted} canChange empty={<p>{t('noneHere')}</p>} />
      </CardBody>
      {making && <NewHold of={of} onClose={() => setMaking(false)} />}
    </Card>
  );
}
