import { Code } from '../../../ui/Copy';
import type { Manifest } from './ManifestPage';
import { t } from './messages';

export function RawTab({ manifest }: { manifest: Manifest }) {
  return <Code what={t('raw')} text={pretty(manifest.manifest_data)} />;
}

function pretty(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json), null, 2);
  } catch {
    return json;
  }
}
