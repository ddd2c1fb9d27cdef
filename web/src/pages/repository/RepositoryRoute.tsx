import { useParams } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { Wait } from '../../ui/Loaded';
import { parseAddress } from './address';
import { RepositoryPage } from './RepositoryPage';

const ManifestPage = lazy(() => import('./manifest/ManifestPage').then((m) => ({ default: m.ManifestPage })));
const ComparePage = lazy(() => import('./compare/ComparePage').then((m) => ({ default: m.ComparePage })));

export function RepositoryRoute() {
  const { _splat } = useParams({ strict: false });
  const address = parseAddress(_splat ?? '');
  switch (address.page) {
    case 'manifest': return <Suspense fallback={<Wait />}><ManifestPage key={`${address.repository} ${address.reference}`} repository={address.repository} reference={address.reference} /></Suspense>;
    case 'compare': return <Suspense fallback={<Wait />}><ComparePage key={address.repository} repository={address.repository} /></Suspense>;
    default: return <RepositoryPage key={address.repository} repository={address.repository} />;
  }
}
