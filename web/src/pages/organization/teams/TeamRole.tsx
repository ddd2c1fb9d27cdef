import { FormSelect, FormSelectOption } from '@patternfly/react-core';
import { t } from './messages';

export const teamRoles = ['member', 'creator', 'admin'] as const;
export type TeamRoleName = (typeof teamRoles)[number];

export function TeamRole({ label, role, onChange, id, isDisabled = false }: { label: string; role: string; onChange: (role: TeamRoleName) => void; id?: string; isDisabled?: boolean }) {
  return (
    <FormSelect id={id} aria-label={label} value={role} isDisabled={isDisabled} onChange={(_, value) => onChange(value as TeamRoleName)}>
      {teamRoles.map((each) => <FormSelectOption key={each} value={each} label={t(`role_${each}`)} />)}
    </FormSelect>
  );
}
