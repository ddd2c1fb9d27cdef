import type { Schema } from '../../../api/client';

export const platformName = (each: Pick<Schema<'ManifestPlatform'>, 'os' | 'architecture' | 'variant'>): string => [each.os, each.architecture, each.variant].filter(Boolean).join('/') || '?';

/** What an artifact that refers to an image is for, as far as its type tells. */
export function referrerKind(type: string | null | undefined): 'signature' | 'sbom' | 'attestation' | 'other' {
  const text = (type ?? '').toLowerCase();
  if (text.includes('cosign.simplesigning') || text.includes('signature') || text.includes('notary')) return 'signature';
  if (text.includes('spdx') || text.includes('cyclonedx') || text.includes('sbom')) return 'sbom';
  if (text.includes('in-toto') || text.includes('dsse') || text.includes('sigstore.bundle') || text.includes('attestation')) return 'attestation';
  return 'other';
}

/** A layer's command without the words that builders put in front of it. */
export function commandText(command: readonly string[] | null | undefined): string {
  return (command ?? []).join(' ').replace(/^\/bin\/sh -c #\(nop\)\s+/, '').replace(/^\/bin\/sh -c /, 'RUN ').replace(/\s+# buildkit$/, '').trim();
}

/** Whether a manifest is of a container image rather than of anything else. */
export const isImage = (each: Pick<Schema<'ShownManifest'>, 'config_media_type'>): boolean =>
  each.config_media_type === 'application/vnd.oci.image.config.v1+json' || each.config_media_type === 'application/vnd.docker.container.image.v1+json';
