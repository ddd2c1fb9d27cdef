import { catalogue } from '../../../messages/catalogue';

export const t = catalogue('repository-security', {
  now: 'Known vulnerabilities of what the tags show',
  findings: 'findings',
  scanned: '{scanned} of {manifests} images are scanned.',
  unmatched: { one: 'No feed of vulnerabilities speaks of {count} of them: that nothing is known means nothing.', other: 'No feed of vulnerabilities speaks of {count} of them: that nothing is known means nothing.' },
  unmatchedTitle: 'Nothing to compare with yet',
  unmatchedBody: 'The packages of the images are known, but this registry has no vulnerability data for them. It is fetched or imported by whoever runs it, and the findings then show up here.',
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
