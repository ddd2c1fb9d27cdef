/** Which page of a repository an address below /repository/ is. The paths are Quay's: NAME, NAME/tag/TAG, NAME/manifest/DIGEST; NAME/compare is ours. */
export type RepositoryAddress =
  | { page: 'repository'; repository: string }
  | { page: 'manifest'; repository: string; reference: string }
  | { page: 'compare'; repository: string };

// The name of a repository has at least two parts, so what follows begins at the third.
export function parseAddress(path: string): RepositoryAddress {
  const parts = path.replace(/\/+$/, '').split('/');
  if (parts.length >= 4 && (parts.at(-2) === 'tag' || parts.at(-2) === 'manifest'))
    return { page: 'manifest', repository: parts.slice(0, -2).join('/'), reference: parts.at(-1)! };
  if (parts.length >= 3 && parts.at(-1) === 'compare') return { page: 'compare', repository: parts.slice(0, -1).join('/') };
  return { page: 'repository', repository: parts.join('/') };
}

export const referencePath = (repository: string, reference: string): string =>
  `${repository}/${reference.includes(':') ? 'manifest' : 'tag'}/${reference}`;
