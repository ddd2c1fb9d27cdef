import { Checkbox } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { Loaded } from '../../../ui/Loaded';
import { organizationQuery, teamsOf } from '../queries';
import { t } from './messages';

/** Which teams of an organization a robot is in. */
export function TeamChoice({ orgname, chosen, onChange }: { orgname: string; chosen: ReadonlySet<string>; onChange: (chosen: ReadonlySet<string>) => void }) {
  const query = useQuery(organizationQuery(orgname));
  const set = (name: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(name); else next.delete(name);
    onChange(next);
  };
  return (
    <>
      <p className="wharf-faint wharf-invite">{t('teamsHelp')}</p>
      <Loaded query={query}>
        {(shown) => teamsOf(shown).length === 0 ? <p>{t('noTeams')}</p>
          : <>{teamsOf(shown).map((each) => <Checkbox key={each.name} id={`team-${each.name}`} label={each.name} description={each.description || undefined} isChecked={chosen.has(each.name)} onChange={(_, on) => set(each.name, on)} />)}</>}
      </Loaded>
    </>
  );
}
