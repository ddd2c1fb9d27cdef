import { catalogue } from '../../messages/catalogue';

export const t = catalogue('organization', {
  organizations: 'Organizations',
  tabs: 'Parts of the namespace',
  repositories: 'Repositories',
  teams: 'Teams and membership',
  robots: 'Robots',
  defaults: 'Default permissions',
  applications: 'OAuth applications',
  logs: 'Logs',
  usage: 'Usage',
  settings: 'Settings',
  newRepository: 'New repository',
  own: 'your own namespace',
  admin: 'you administer it',
  member: 'you are a member',
  person: 'person',
});
