import { expect, it } from 'vitest';
import { parseAddress, referencePath } from '../src/pages/repository/address';

it.each([
  ['acme/app', { page: 'repository', repository: 'acme/app' }],
  ['acme/team/app/', { page: 'repository', repository: 'acme/team/app' }],
  ['acme/app/tag/v1', { page: 'manifest', repository: 'acme/app', reference: 'v1' }],
  ['acme/a/b/manifest/sha256:00', { page: 'manifest', repository: 'acme/a/b', reference: 'sha256:00' }],
  ['acme/tag/app', { page: 'repository', repository: 'acme/tag/app' }],
  ['acme/app/compare', { page: 'compare', repository: 'acme/app' }],
  ['acme/compare', { page: 'repository', repository: 'acme/compare' }],
])('%s', (path, address) => expect(parseAddress(path)).toEqual(address));

it.each([['acme/app', 'v1'], ['acme/a/b', `sha256:${'0'.repeat(64)}`]])('leads from %s and %s back to both', (repository, reference) =>
  expect(parseAddress(referencePath(repository, reference))).toEqual({ page: 'manifest', repository, reference }));
