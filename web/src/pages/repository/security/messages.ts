import { catalogue } from '../../../messages/catalogue';

export const t = catalogue('repository-security', {
  now: 'Known vulnerabilities of what the tags show',
  findings: 'findings',
  scanned: '{scanned} of {manifests} images are scanned.',
  fixable: { one: '{count} has a fix', other: '{count} have a fix' },
  exploited: { one: '{count} is exploited in the wild', other: '{count} are exploited in the wild' },
  trend: 'Trend',
  days30: '30 days',
  days90: '90 days',
  range: 'How far back',
  noTrend: 'The trend begins tomorrow: once a day the state is kept.',
  none: 'Nothing is scanned yet',
  noneBody: 'Images are scanned by themselves when they are pushed, and again whenever a feed knows more.',
  perImage: 'Each image’s own report is behind its tag.',
});
