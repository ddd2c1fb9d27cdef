import { Alert, Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput } from '@patternfly/react-core';
import { useEffect, useRef, useState } from 'react';
import { api, ApiProblem, onFreshLoginRequired } from '../api/client';
import { t } from './messages';

/** Asks for the password where the registry wants it fresh; the request that asked goes on afterwards. */
export function FreshLogin() {
  const [open, setOpen] = useState(false);
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string | null>(null);
  const answer = useRef<((again: boolean) => void) | null>(null);

  useEffect(() => onFreshLoginRequired(() => new Promise<boolean>((resolve) => {
    answer.current = resolve;
    setPassword('');
    setProblem(null);
    setOpen(true);
  })), []);

  const close = (again: boolean) => {
    setOpen(false);
    answer.current?.(again);
    answer.current = null;
  };
  const verify = async () => {
    try {
      await api((c) => c.POST('/api/v1/signin/verify', { body: { password } }));
      close(true);
    } catch (fault) {
      setProblem(fault instanceof ApiProblem && fault.status !== 403 ? fault.message : t('wrongPassword'));
    }
  };

  return (
    <Modal isOpen={open} variant="small" onClose={() => close(false)} aria-labelledby="fresh-title">
      <ModalHeader title={t('yourPassword')} labelId="fresh-title" description={t('whyPassword')} />
      <ModalBody>
        <Form id="fresh" onSubmit={(e) => { e.preventDefault(); void verify(); }}>
          {problem !== null && <Alert isInline variant="danger" title={problem} />}
          <FormGroup label={t('password')} fieldId="fresh-password">
            <TextInput id="fresh-password" type="password" autoComplete="current-password" value={password} onChange={(_, value) => setPassword(value)} autoFocus />
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="fresh" isDisabled={password === ''}>{t('confirm')}</Button>
        <Button variant="link" onClick={() => close(false)}>{t('cancel')}</Button>
      </ModalFooter>
    </Modal>
  );
}
