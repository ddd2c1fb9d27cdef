import { catalogue } from '../../../messages/catalogue';

export const t = catalogue('defaults', {
  title: 'Default permissions',
  help: 'What is granted on each new repository, by who makes it. Whoever makes a repository is its admin in any case.',
  none: 'No default permission yet',
  noneBody: 'A default permission grants a person, robot or team something on each repository that is made here from now on.',
  new: 'New default permission',
  maker: 'Made by',
  anyone: 'anyone',
  whenMaker: 'When it is made by (empty: by anyone)',
  grantee: 'Then granted to',
  role: 'Permission',
  roleOf: 'Permission of {name}',
  create: 'Create',
  created: 'New repositories grant {name} {role}.',
  changed: 'New repositories grant {name} {role} now.',
  removed: 'New repositories grant {name} nothing any more.',
  remove: 'Remove',
  removeOf: 'Remove the default permission of {name}',
});
