import { catalogue } from '../../../messages/catalogue';

export const t = catalogue('compare', {
  title: 'Compare', from: 'From', to: 'To', compare: 'Compare', swap: 'Swap',
  pick: 'Choose two tags or digests of this repository.',
  size: 'Size', layers: 'Layers', packages: 'Packages', vulnerabilities: 'Vulnerabilities', config: 'Config', built: 'Built',
  shared: '{count} shared ({size})', added: '{count} only in {to} ({size})', removed: '{count} only in {from} ({size})',
  packagesAdded: { one: '{count} package came', other: '{count} packages came' },
  packagesRemoved: { one: '{count} package went', other: '{count} packages went' },
  packagesChanged: { one: '{count} package has another version', other: '{count} packages have other versions' },
  came: 'came', went: 'went', changed: 'changed', fixed: 'gone', new: 'new', kept: 'in both',
  name: 'Name', change: 'Change', version: 'Version', setting: 'Setting',
  samePackages: 'The packages are the same.', sameConfig: 'The configs are the same.', sameVulnerabilities: 'Neither brings vulnerabilities that the other has not.',
  notScanned: 'Not both are scanned yet.', platform: 'The images for {platform} are compared.',
});
