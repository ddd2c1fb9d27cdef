import { Card, CardBody, CardTitle, Title } from '@patternfly/react-core';
import { useEffect, type ReactNode } from 'react';

/** What stands alone in the middle of the window: signing in, up, and the first start. */
export function EntryCard({ title, wide = false, children }: { title: string; wide?: boolean; children: ReactNode }) {
  useEffect(() => { document.title = `${title} · Wharf`; }, [title]);
  return (
    <main className="wharf-center">
      <Card className={wide ? 'wharf-entry-wide' : undefined}>
        <CardTitle>
          <img src="/wharf.svg" alt="" width="44" height="44" />
          <Title headingLevel="h1" size="2xl">{title}</Title>
        </CardTitle>
        <CardBody>{children}</CardBody>
      </Card>
    </main>
  );
}
