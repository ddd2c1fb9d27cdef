import { FormSelect, FormSelectOption } from '@patternfly/react-core';
import { catalogue } from '../../messages/catalogue';

const t = catalogue('roles', { read: 'Read: may pull', write: 'Write: may pull and push', admin: 'Admin: may do everything' });

export type Role = 'read' | 'write' | 'admin';

export function RoleSelect({ label, role, onChange, id }: { label: string; role: Role; onChange: (role: Role) => void; id?: string }) {
  return (
    <FormSelect id={id} aria-label={label} value={role} onChange={(_, value) => onChange(value as Role)}>
      {(['read', 'write', 'admin'] as const).map((each) => <FormSelectOption key={each} value={each} label={t(each)} />)}
    </FormSelect>
  );
}
