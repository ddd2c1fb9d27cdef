import DOMPurify from 'dompurify';
import { Content } from '@patternfly/react-core';
import { useMemo } from 'react';

/** Markdown that the registry has rendered. It is clean when it comes; it is cleaned here once more, since other people wrote it. */
export function Markdown({ html }: { html: string }) {
  const clean = useMemo(() => DOMPurify.sanitize(html, { USE_PROFILES: { html: true }, FORBID_TAGS: ['style', 'form', 'input', 'button', 'iframe', 'video', 'audio'], FORBID_ATTR: ['style', 'class', 'id', 'srcset'] }), [html]);
  return <Content className="wharf-markdown" dangerouslySetInnerHTML={{ __html: clean }} />;
}
