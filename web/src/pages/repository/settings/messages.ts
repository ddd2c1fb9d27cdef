import { catalogue } from '../../../messages/catalogue';

export const t = catalogue('repository-settings', {
  access: 'Visibility and state',
  visibility: 'Everybody may see and pull',
  visibilityHelp: 'Without it, only whom you give access.',
  state: 'Read-only',
  stateHelp: 'Nothing can be pushed or deleted until it is off again.',
  nowPublic: 'The repository is public now.',
  nowPrivate: 'The repository is private now.',
  nowReadOnly: 'The repository is read-only now.',
  nowNormal: 'The repository takes pushes again.',
  failed: 'That did not work',
  remove: 'Delete this repository',
  removeBody: 'Its tags can no longer be pulled. With all it has it can be restored for as long as the namespace’s time machine reaches.',
  removeTitle: 'Delete {name}?',
  removed: '{name} was deleted.',
});
