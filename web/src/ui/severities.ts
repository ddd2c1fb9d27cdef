import { catalogue } from '../messages/catalogue';

export const severities = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown'] as const;
export type SeverityKey = (typeof severities)[number];

const t = catalogue('severity', { critical: 'Critical', high: 'High', medium: 'Medium', low: 'Low', negligible: 'Negligible', unknown: 'Unknown' });

export const severityName = (severity: string): string => t(severityKey(severity));

export function severityKey(severity: string | null | undefined): SeverityKey {
  const key = (severity ?? 'unknown').toLowerCase() as SeverityKey;
  return severities.includes(key) ? key : 'unknown';
}
