import type { Schema } from '../../../api/client';
import { severities, severityKey, type SeverityKey } from '../../../ui/severities';

export type Finding = Schema<'ShownFinding'>;

/** The worst first; among equals those that are exploited, those likely to be, those that have a fix, then by name. */
export function order(a: Finding, b: Finding): number {
  return severities.indexOf(severityKey(a.severity)) - severities.indexOf(severityKey(b.severity))
    || Number(b.exploited !== null) - Number(a.exploited !== null)
    || (b.epss ?? 0) - (a.epss ?? 0)
    || Number(b.fixed_in !== null) - Number(a.fixed_in !== null)
    || a.package.localeCompare(b.package) || a.id.localeCompare(b.id);
}

export function countBySeverity(findings: readonly Finding[]): Partial<Record<SeverityKey, number>> {
  const counts: Partial<Record<SeverityKey, number>> = {};
  for (const each of findings) counts[severityKey(each.severity)] = (counts[severityKey(each.severity)] ?? 0) + 1;
  return counts;
}

/** Findings under a name each, the group with the worst first. */
export function byPackage(findings: readonly Finding[], name: (finding: Finding) => string): [string, Finding[]][] {
  const groups = new Map<string, Finding[]>();
  for (const each of [...findings].sort(order)) groups.set(name(each), [...(groups.get(name(each)) ?? []), each]);
  return [...groups];
}
