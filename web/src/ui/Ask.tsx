import { Alert, Button, Form, FormGroup, Modal, ModalBody, ModalFooter, ModalHeader, TextInput, type ButtonProps } from '@patternfly/react-core';
import { useId, useState, type ReactNode } from 'react';
import { t } from './messages';
import { explain } from './Problem';

/**
 * A dialog with a form. It stays open with what went wrong until the action has worked. With `typed`, its button works only when that
 * word was typed: for what cannot be undone.
 */
export function Ask({ title, action, onAction, onClose, children, danger = false, typed, ready = true, wide = false }: {
  title: string; action: string; onAction: () => Promise<unknown>; onClose: () => void; children?: ReactNode; danger?: boolean; typed?: string; ready?: boolean; wide?: boolean;
}) {
  const id = useId();
  const [text, setText] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const variant: ButtonProps['variant'] = danger ? 'danger' : 'primary';
  const can = ready && !busy && (typed === undefined || text === typed);

  // Whoever opened it writes on at once; where there is nothing to write, the safe button comes first.
  const first = `[id="${id}-form"] :is(input:not([type=radio]), textarea), [id="${id}-cancel"]`;

  const act = async () => {
    if (!can) return;
    setBusy(true);
    setProblem(null);
    try {
      await onAction();
      onClose();
    } catch (fault) {
      setProblem(explain(fault));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Modal isOpen variant={wide ? 'medium' : 'small'} onClose={onClose} aria-labelledby={`${id}-title`} elementToFocus={first}>
      <ModalHeader title={title} labelId={`${id}-title`} />
      <ModalBody>
        <Form id={`${id}-form`} onSubmit={(e) => { e.preventDefault(); void act(); }}>
          {problem !== null && <Alert isInline variant="danger" title={problem} component="p" />}
          {children}
          {typed !== undefined && (
            <FormGroup label={t('typeToConfirm', { name: typed })} fieldId={`${id}-typed`}>
              <TextInput id={`${id}-typed`} value={text} onChange={(_, value) => setText(value)} autoComplete="off" />
            </FormGroup>
          )}
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form={`${id}-form`} variant={variant} isDisabled={!can} isLoading={busy}>{action}</Button>
        <Button id={`${id}-cancel`} variant="link" onClick={onClose}>{t('cancel')}</Button>
      </ModalFooter>
    </Modal>
  );
}
