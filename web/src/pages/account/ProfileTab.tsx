import { ActionGroup, Button, Card, CardBody, CardTitle, Form, FormGroup, FormHelperText, Grid, GridItem, HelperText, HelperTextItem, Radio, TextInput } from '@patternfly/react-core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { api, forgetCsrfToken } from '../../api/client';
import { meQuery, useMe } from '../../api/session';
import { chooseTheme, useTheme } from '../../shell/theme';
import { useAttempt } from '../../ui/attempt';
import { useSay } from '../../ui/toasts';
import { t } from './messages';

export function ProfileTab() {
  return (
    <Grid hasGutter>
      <GridItem lg={6}>
        <Grid hasGutter>
          <GridItem><EmailCard /></GridItem>
          <GridItem><PasswordCard /></GridItem>
        </Grid>
      </GridItem>
      <GridItem lg={6}>
        <Grid hasGutter>
          <GridItem><AboutCard /></GridItem>
          <GridItem><ThemeCard /></GridItem>
        </Grid>
      </GridItem>
    </Grid>
  );
}

function EmailCard() {
  const me = useMe()!;
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const [email, setEmail] = useState(me.email ?? '');
  const save = async () => {
    await api((c) => c.PUT('/api/v1/user/', { body: { email } }));
    await queries.invalidateQueries({ queryKey: meQuery.queryKey });
    say.done(t('saved'));
  };
  return (
    <Card>
      <CardTitle component="h2">{t('emailCard')}</CardTitle>
      <CardBody>
        <Form onSubmit={(e) => { e.preventDefault(); attempt(save); }}>
          <FormGroup label={t('email')} fieldId="own-email"><TextInput id="own-email" type="email" autoComplete="email" value={email} onChange={(_, value) => setEmail(value.trim())} /></FormGroup>
          <ActionGroup><Button type="submit" isDisabled={email === '' || email === me.email}>{t('save')}</Button></ActionGroup>
        </Form>
      </CardBody>
    </Card>
  );
}

const about = [['given_name', 'given-name'], ['family_name', 'family-name'], ['company', 'organization'], ['location', 'off']] as const;

type About = Record<(typeof about)[number][0], string>;

function AboutCard() {
  const me = useMe()!;
  const say = useSay();
  const attempt = useAttempt();
  const queries = useQueryClient();
  const known: About = { given_name: me.given_name ?? '', family_name: me.family_name ?? '', company: me.company ?? '', location: me.location ?? '' };
  const [said, setSaid] = useState(known);
  const save = async () => {
    await api((c) => c.PUT('/api/v1/user/', { body: said }));
    await queries.invalidateQueries({ queryKey: meQuery.queryKey });
    say.done(t('saved'));
  };
  return (
    <Card>
      <CardTitle component="h2">{t('aboutCard')}</CardTitle>
      <CardBody>
        <Form onSubmit={(e) => { e.preventDefault(); attempt(save); }}>
          <p className="wharf-faint">{t('aboutHelp')}</p>
          {about.map(([name, complete]) => (
            <FormGroup key={name} label={t(name)} fieldId={`own-${name}`}>
              <TextInput id={`own-${name}`} autoComplete={complete} maxLength={255} value={said[name]} onChange={(_, value) => setSaid((now) => ({ ...now, [name]: value }))} />
            </FormGroup>
          ))}
          <ActionGroup><Button type="submit" isDisabled={about.every(([name]) => said[name].trim() === known[name])}>{t('save')}</Button></ActionGroup>
        </Form>
      </CardBody>
    </Card>
  );
}

function PasswordCard() {
  const me = useMe()!;
  const say = useSay();
  const attempt = useAttempt();
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const save = async () => {
    await api((c) => c.PUT('/api/v1/user/', { body: { password } }));
    forgetCsrfToken();
    setPassword('');
    setAgain('');
    say.done(t('passwordSaved'));
  };
  return (
    <Card>
      <CardTitle component="h2">{t('passwordCard')}</CardTitle>
      <CardBody>
        <Form onSubmit={(e) => { e.preventDefault(); attempt(save); }}>
          <input type="text" autoComplete="username" value={me.username} readOnly hidden />
          <FormGroup label={t('newPassword')} fieldId="own-password">
            <TextInput id="own-password" type="password" autoComplete="new-password" value={password} onChange={(_, value) => setPassword(value)} />
            <FormHelperText><HelperText><HelperTextItem>{t('passwordHelp')}</HelperTextItem></HelperText></FormHelperText>
          </FormGroup>
          <FormGroup label={t('again')} fieldId="own-password-again">
            <TextInput id="own-password-again" type="password" autoComplete="new-password" value={again} validated={again !== '' && again !== password ? 'error' : 'default'} onChange={(_, value) => setAgain(value)} />
            {again !== '' && again !== password && <FormHelperText><HelperText><HelperTextItem variant="error">{t('differs')}</HelperTextItem></HelperText></FormHelperText>}
          </FormGroup>
          <ActionGroup><Button type="submit" isDisabled={password.length < 8 || password !== again}>{t('save')}</Button></ActionGroup>
        </Form>
      </CardBody>
    </Card>
  );
}

function ThemeCard() {
  const theme = useTheme();
  return (
    <Card>
      <CardTitle component="h2">{t('theme')}</CardTitle>
      <CardBody role="radiogroup" aria-label={t('theme')}>
        {(['system', 'light', 'dark'] as const).map((each) => <Radio key={each} id={`theme-${each}`} name="theme" label={t(`theme_${each}`)} isChecked={theme === each} onChange={() => chooseTheme(each)} />)}
      </CardBody>
    </Card>
  );
}
