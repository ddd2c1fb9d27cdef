import { catalogue } from '../../messages/catalogue';

export const t = catalogue('search', {
  title: 'Search',
  label: 'What to find',
  placeholder: 'A name, a tag, or a digest',
  start: 'What are you looking for?',
  startBody: 'Repositories, organizations, teams, robots and people are found by a part of their name, tags by their beginning, images by their digest. The arrow keys go through what was found.',
  none: 'Nothing is called “{query}”',
  noneBody: 'Only what you may see is searched. Try a shorter part of the name.',
  repository: 'Repositories',
  organization: 'Organizations',
  team: 'Teams',
  robot: 'Robots',
  user: 'People',
  tag: 'Tags',
  manifest: 'Images',
  external: 'Elsewhere',
  stars: { one: '{count} star', other: '{count} stars' },
  public: 'public',
  private: 'private',
});
