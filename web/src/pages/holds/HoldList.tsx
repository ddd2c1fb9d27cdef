import { Button, Label } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo, useState, type ReactNode } from 'react';
import { useMe } from '../../api/session';
import { Ask } from '../../ui/Ask';
import { Pages } from '../../ui/More';
import { usePages } from '../../ui/pages';
import { Time } from '../../ui/Time';
import { useSay } from '../../ui/toasts';
import { referencePath } from '../repository/address';
import { t } from './messages';
import { holdsOf, type Hold, type HoldPlace } from './place';
import { target } from './target';

/** The holds of a place. Who set one does not lift it, and an organization does not lift the registry's. */
export function HoldList({ of, lifted, canChange, empty }: { of: HoldPlace; lifted: boolean; canChange: boolean; empty: ReactNode }) {
  const me = useMe()!;
  const say = useSay();
  const queries = useQueryClient();
  const operations = useMemo(() => holdsOf(of), [of]);
  const [lifting, setLifting] = useState<Hold | null>(null);
  const query = usePages(['holds', of, lifted], (next, signal) => operations.list(lifted, next, signal));
  const registry = 'registry' in of;
  const here = (each: Hold) => registry || of.repository === undefined || each.kind === 'organization' || each.repository === of.repository;
  const lift = async () => {
    await operations.lift(lifting!.id);
    await Promise.all([queries.invalidateQueries({ queryKey: ['holds'] }), queries.invalidateQueries({ queryKey: ['tags'] })]);
    say.done(t('liftedNow', { what: target(lifting!) }));
  };
  const action = (each: Hold) => {
    if (each.lifted) return <Label isCompact>{t('liftedLine')}</Label>;
    if (!registry && each.level === 'registry') return <span className="wharf-faint">{t('registrys')}</span>;
    if (each.set_by === me.username) return <span className="wharf-faint">{t(registry ? 'yoursRegistry' : 'yours')}</span>;
    return canChange && <Button variant="link" isInline isDanger aria-label={t('liftOf', { what: target(each) })} onClick={() => setLifting(each)}>{t('lift')}</Button>;
  };
  return (
    <>
      <Pages query={query} rows={(page) => page.holds.filter(here)}>
        {(rows) => rows.length === 0 ? empty : (
          <Table variant="compact" aria-label={t('title')}>
            <Thead><Tr><Th>{t('on')}</Th><Th>{t('reason')}</Th><Th>{t('since')}</Th><Th>{t('actions')}</Th></Tr></Thead>
            <Tbody>
              {rows.map((each) => (
                <Tr key={each.id}>
                  <Td dataLabel={t('on')} modifier="breakWord"><Held hold={each} /></Td>
                  <Td dataLabel={t('reason')} modifier="breakWord">{each.reason}{each.case_reference && <div className="wharf-faint">{each.case_reference}</div>}</Td>
                  <Td dataLabel={t('since')}><Time at={each.set} /> {(each.set_by ?? (registry ? t('operator') : null)) && <span className="wharf-faint">{t('by', { who: each.set_by ?? t('operator') })}</span>}</Td>
                  <Td dataLabel={t('actions')}>{action(each)}{each.lifted && <> <Time at={each.lifted} /> {each.lifted_by && <span className="wharf-faint">{t('by', { who: each.lifted_by })}</span>}</>}</Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        )}
      </Pages>
      {lifting && <Ask danger title={t('liftTitle', { what: target(lifting) })} action={t('lift')} onAction={lift} onClose={() => setLifting(null)}><p>{t('liftBody')}</p></Ask>}
    </>
  );
}

function Held({ hold }: { hold: Hold }) {
  const words = target(hold);
  const repository = `${hold.namespace}/${hold.repository}`;
  switch (hold.kind) {
    case 'organization': return <Link to="/organization/$org" params={{ org: hold.namespace! }}>{words}</Link>;
    case 'person': return <Link to="/user/$org" params={{ org: hold.namespace! }}>{words}</Link>;
    case 'repository': return <Link to="/repository/$" params={{ _splat: repository }}>{words}</Link>;
    case 'tag': return <Link to="/repository/$" params={{ _splat: referencePath(repository, hold.tag!) }}>{words}</Link>;
    default: return words;
  }
}
