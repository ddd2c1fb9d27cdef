import { Button, Tooltip } from '@patternfly/react-core';
import CheckIcon from '@patternfly/react-icons/dist/esm/icons/check-icon';
import CopyIcon from '@patternfly/react-icons/dist/esm/icons/copy-icon';
import { useEffect, useState } from 'react';
import { shortDigest } from '../messages/format';
import { t } from './messages';

/** A button that puts a text on the clipboard. `what` tells screen readers which. */
export function Copy({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Tooltip content={copied ? t('copied') : t('copy')}>
      <Button variant="plain" size="sm" aria-label={t('copyWhat', { what })} icon={copied ? <CheckIcon /> : <CopyIcon />} onClick={() => void put(text).then(() => setCopied(true))} />
    </Tooltip>
  );
}

// The clipboard's own interface is only there on https and localhost.
async function put(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

/** Commands to run, with a button that copies them. */
export function Code({ text, what }: { text: string; what: string }) {
  return <div className="wharf-code"><pre tabIndex={0} aria-label={what}>{text}</pre><Copy text={text} what={what} /></div>;
}

/** A digest, cut, with a button that copies the whole. */
export function DigestText({ digest }: { digest: string }) {
  return <span className="wharf-digest"><code title={digest}>{shortDigest(digest)}</code><Copy text={digest} what={shortDigest(digest)} /></span>;
}
