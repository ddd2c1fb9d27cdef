import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from '@patternfly/react-core';
import { t } from './messages';

export type NewPerson = { username: string; email: string; password: string };

export function NewPersonFields({ person, onChange, withEmail }: { person: NewPerson; onChange: (person: NewPerson) => void; withEmail: boolean }) {
  const set = (change: Partial<NewPerson>) => onChange({ ...person, ...change });
  return (
    <>
      <FormGroup label={t('username')} fieldId="new-username" isRequired>
        <TextInput id="new-username" isRequired autoComplete="username" autoCapitalize="none" spellCheck={false} value={person.username} onChange={(_, value) => set({ username: value.trim() })} aria-describedby="new-username-help" />
        <FormHelperText><HelperText><HelperTextItem id="new-username-help">{t('usernameHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
      <FormGroup label={t('email')} fieldId="new-email" isRequired={withEmail}>
        <TextInput id="new-email" type="email" isRequired={withEmail} autoComplete="email" value={person.email} onChange={(_, value) => set({ email: value.trim() })} />
      </FormGroup>
      <FormGroup label={t('password')} fieldId="new-password" isRequired>
        <TextInput id="new-password" type="password" isRequired autoComplete="new-password" value={person.password} onChange={(_, value) => set({ password: value })} aria-describedby="new-password-help" />
        <FormHelperText><HelperText><HelperTextItem id="new-password-help">{t('passwordHelp')}</HelperTextItem></HelperText></FormHelperText>
      </FormGroup>
    </>
  );
}
