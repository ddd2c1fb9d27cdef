import { Alert, Button, Modal, ModalBody, ModalFooter, ModalHeader } from '@patternfly/react-core';
import { useId, type ReactNode } from 'react';
import { t } from './messages';

/** A dialog with a secret that the registry tells this one time. */
export function Once({ title, children, onClose }: { title: string; children: ReactNode; onClose: () => void }) {
  const id = useId();
  return (
    <Modal isOpen variant="medium" onClose={onClose} aria-labelledby={id}>
      <ModalHeader title={title} labelId={id} />
      <ModalBody><div className="wharf-commands"><Alert isInline variant="warning" component="p" title={t('once')} />{children}</div></ModalBody>
      <ModalFooter><Button onClick={onClose}>{t('close')}</Button></ModalFooter>
    </Modal>
  );
}
