import { Button, FormGroup, Label, LabelGroup, MenuToggle, PageSection, Select, SelectList, SelectOption, TextInput } from '@patternfly/react-core';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { lazy, useState } from 'react';
import { api, type Schema } from '../../../api/client';
import { bytes, shortDigest } from '../../../messages/format';
import { Ask } from '../../../ui/Ask';
import { Loaded } from '../../../ui/Loaded';
import { PageHead } from '../../../ui/PageHead';
import { PageTabs } from '../../../ui/PageTabs';
import { useSearch } from '../../../ui/search';
import { repositoryQuery } from '../queries';
import { ConfigTab } from './ConfigTab';
import { DetailsTab } from './DetailsTab';
import { LayersTab } from './LayersTab';
import { t } from './messages';
import { isImage, platformName } from './names';
import { RawTab } from './RawTab';
import { ReferrersTab } from './ReferrersTab';

const ReportTab = lazy(() => import('./ReportTab').then((m) => ({ default: m.ReportTab })));
const PackagesTab = lazy(() => import('./PackagesTab').then((m) => ({ default: m.PackagesTab })));

export type Manifest = Schema<'ShownManifest'>;

export const manifestQuery = (repository: string, reference: string) => ({
  queryKey: ['manifest', repository, reference],
  queryFn: ({ signal }: { signal: AbortSignal }) => api((c) => c.GET('/api/v1/repository/{repository}/manifest/{manifestref}', { params: { path: { repository, manifestref: reference } }, signal })),
});

/** An image, an index or an artifact: all that is in it. Of an index the chosen platform's image is shown below its own details. */
export function ManifestPage({ repository, reference }: { repository: string; reference: string }) {
  const [search, change] = useSearch();
  const navigate = useNavigate();
  const [comparing, setComparing] = useState(false);
  const query = useQuery(manifestQuery(repository, reference));
  const home = useQuery(repositoryQuery(repository));
  const manifest = query.data;
  const platforms = (manifest?.platforms ?? []).filter((each) => each.present && each.os && each.os !== 'unknown');
  const chosen = platforms.find((each) => each.digest === search['platform']) ?? platforms.find((each) => each.architecture === 'amd64') ?? platforms[0];
  const child = useQuery({ ...manifestQuery(repository, chosen?.digest ?? ''), enabled: chosen !== undefined });
  const image = chosen ? child.data : manifest;
  const kind = manifest === undefined ? '' : manifest.is_manifest_list ? t('index') : isImage(manifest) ? t('image') : t('artifact');
  const title = reference.includes(':') ? shortDigest(reference) : reference;
  const part = (draw: (image: Manifest) => React.ReactNode) => () => image ? draw(image) : <Loaded query={child}>{() => null}</Loaded>;
  return (
    <>
      <PageHead
        title={title}
        crumbs={[{ name: repository, to: `/repository/${repository}` }]}
        badges={manifest && <><Label>{kind}</Label><LabelGroup>{manifest.tags.filter((each) => each !== reference).slice(0, 5).map((each) => <Label key={each} color="blue">{each}</Label>)}</LabelGroup></>}
        actions={manifest && <>
          {platforms.length > 1 && <PlatformSelect platforms={platforms} chosen={chosen!.digest} onChoose={(digest) => change({ platform: digest })} />}
          <Button variant="secondary" onClick={() => setComparing(true)}>{t('compare')}</Button>
        </>}
      />
      {manifest === undefined ? <PageSection><Loaded query={query}>{() => null}</Loaded></PageSection> : (
        <PageTabs
          label={t('tabs')}
          tabs={[
            { key: 'details', title: t('details'), content: () => <DetailsTab repository={repository} reference={reference} manifest={manifest} canWrite={home.data?.can_write === true} /> },
            { key: 'layers', title: t('layers'), content: part((each) => <LayersTab manifest={each} />) },
            { key: 'security', title: t('security'), content: part((each) => <ReportTab repository={repository} manifest={each} />) },
            { key: 'packages', title: t('packages'), content: part((each) => <PackagesTab repository={repository} digest={each.digest} />) },
            { key: 'referrers', title: t('referrers'), content: () => <ReferrersTab repository={repository} manifest={manifest} /> },
            { key: 'config', title: t('config'), content: part((each) => <ConfigTab manifest={each} />) },
            { key: 'raw', title: t('raw'), content: () => <RawTab manifest={manifest} /> },
          ]}
        />
      )}
      {comparing && <CompareWith name={title} onClose={() => setComparing(false)} onGo={(to) => navigate({ to: '/repository/$', params: { _splat: `${repository}/compare` }, search: { from: reference, to } })} />}
    </>
  );
}

function PlatformSelect({ platforms, chosen, onChoose }: { platforms: Schema<'ManifestPlatform'>[]; chosen: string; onChoose: (digest: string) => void }) {
  const [open, setOpen] = useState(false);
  const current = platforms.find((each) => each.digest === chosen)!;
  return (
    <Select isOpen={open} onOpenChange={setOpen} selected={chosen} onSelect={(_, digest) => { onChoose(String(digest)); setOpen(false); }}
      toggle={(ref) => <MenuToggle ref={ref} isExpanded={open} onClick={() => setOpen(!open)} aria-label={`${t('choose')}: ${platformName(current)}`}>{platformName(current)}</MenuToggle>}>
      <SelectList>{platforms.map((each) => <SelectOption key={each.digest} value={each.digest} description={each.size != null ? bytes(each.size) : undefined}>{platformName(each)}</SelectOption>)}</SelectList>
    </Select>
  );
}

function CompareWith({ name, onGo, onClose }: { name: string; onGo: (to: string) => Promise<void>; onClose: () => void }) {
  const [to, setTo] = useState('');
  return (
    <Ask title={t('compareTo', { name })} action={t('compareGo')} onAction={() => onGo(to)} onClose={onClose} ready={to !== ''}>
      <FormGroup label={t('otherReference')} fieldId="compare-to"><TextInput id="compare-to" value={to} onChange={(_, value) => setTo(value.trim())} spellCheck={false} autoCapitalize="none" /></FormGroup>
    </Ask>
  );
}
