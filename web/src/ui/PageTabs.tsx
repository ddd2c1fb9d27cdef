import { PageSection, Tab, Tabs, TabTitleText } from '@patternfly/react-core';
import { Suspense, useEffect, useId, useRef, type ReactNode } from 'react';
import { Wait } from './Loaded';
import { useSearch } from './search';

export type PageTab = { key: string; title: string; content: () => ReactNode };

/** Tabs of a page; which one is open is in the address as ?tab=. The first is open without. */
export function PageTabs({ label, tabs }: { label: string; tabs: PageTab[] }) {
  const id = useId();
  const [search, change] = useSearch();
  const bar = useRef<HTMLDivElement>(null);
  const open = tabs.find((each) => each.key === search['tab']) ?? tabs[0]!;
  // On a narrow screen, an address may open one that is beyond the edge.
  useEffect(() => { bar.current?.querySelector('.pf-m-current')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }); }, [open.key]);
  return (
    <>
      <PageSection type="tabs" className="wharf-tabs">
        <div ref={bar}>
          <Tabs activeKey={open.key} aria-label={label} component="nav" usePageInsets onSelect={(e, key) => { e.preventDefault(); change({ tab: key === tabs[0]!.key ? undefined : String(key) }, false); }}>
            {tabs.map((each) => <Tab key={each.key} eventKey={each.key} tabContentId={`${id}-${each.key}`} href={`?tab=${each.key}`} title={<TabTitleText>{each.title}</TabTitleText>} />)}
          </Tabs>
        </div>
      </PageSection>
      <PageSection key={open.key} id={`${id}-${open.key}`} role="tabpanel" aria-label={open.title}><Suspense fallback={<Wait />}>{open.content()}</Suspense></PageSection>
    </>
  );
}
