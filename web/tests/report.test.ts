import { expect, it } from 'vitest';
import { byPackage, countBySeverity, order, type Finding } from '../src/pages/repository/manifest/report';

const finding = (id: string, severity: string, more: Partial<Finding> = {}) => ({ id, severity, package: 'openssl', exploited: null, epss: null, fixed_in: null, ...more }) as Finding;
const sorted = (...findings: Finding[]) => [...findings].sort(order).map((each) => each.id);

it('puts the worst first, unknown ones last', () => expect(sorted(finding('a', 'Unknown'), finding('b', 'Low'), finding('c', 'Critical'), finding('d', 'invented'))).toEqual(['c', 'b', 'a', 'd']));
it('puts what is exploited before what is only likely to be, and that before what has a fix', () =>
  expect(sorted(finding('fix', 'High', { fixed_in: '2' }), finding('likely', 'High', { epss: 0.9 }), finding('exploited', 'High', { exploited: '2026-01-01' }), finding('none', 'High'))).toEqual(['exploited', 'likely', 'fix', 'none']));
it('counts by severity', () => expect(countBySeverity([finding('a', 'High'), finding('b', 'HIGH'), finding('c', 'odd')])).toEqual({ high: 2, unknown: 1 }));
it('groups with the worst group first', () => {
  const groups = byPackage([finding('a', 'Low', { package: 'zlib' }), finding('b', 'Critical'), finding('c', 'Critical', { package: 'zlib' })], (each) => each.package);
  expect(groups.map(([name, of]) => [name, of.map((each) => each.id)])).toEqual([['openssl', ['b']], ['zlib', ['c', 'a']]]);
});
