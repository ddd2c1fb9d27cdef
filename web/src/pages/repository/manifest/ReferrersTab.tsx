import { Label, TreeView, type TreeViewDataItem } from '@patternfly/react-core';
import { useNavigate } from '@tanstack/react-router';
import type { Schema } from '../../../api/client';
import { bytes, shortDigest } from '../../../messages/format';
import { Teach } from '../../../ui/Teach';
import { Time } from '../../../ui/Time';
import { referencePath } from '../address';
import type { Manifest } from './ManifestPage';
import { t } from './messages';
import { referrerKind } from './names';

const colours = { signature: 'green', sbom: 'blue', attestation: 'purple', other: 'grey' } as const;

/** What was attached to an image, and to that in turn. */
export function ReferrersTab({ repository, manifest }: { repository: string; manifest: Manifest }) {
  const navigate = useNavigate();
  if (manifest.referrers.length === 0) return <Teach title={t('noReferrers')}>{t('noReferrersBody')}</Teach>;
  const item = (each: Schema<'Referrer'>): TreeViewDataItem => {
    const kind = referrerKind(each.artifact_type ?? each.media_type);
    return {
      id: each.digest,
      name: <><Label isCompact color={colours[kind]}>{t(kind)}</Label> <code>{each.artifact_type ?? each.media_type}</code> {bytes(each.size)}, <Time at={each.created ?? each.pushed} /> <code className="wharf-faint">{shortDigest(each.digest)}</code></>,
      defaultExpanded: true,
      ...(each.referrers.length > 0 ? { children: each.referrers.map(item) } : {}),
    };
  };
  return (
    <>
      <TreeView aria-label={t('referrers')} data={manifest.referrers.map(item)} onSelect={(_, chosen) => void navigate({ to: '/repository/$', params: { _splat: referencePath(repository, chosen.id!) } })} />
      {manifest.referrers_truncated && <p className="wharf-faint">{t('moreReferrers')}</p>}
    </>
  );
}
