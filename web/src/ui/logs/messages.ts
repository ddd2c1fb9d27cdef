import { catalogue } from '../../messages/catalogue';

export const t = catalogue('logs', {
  title: 'Log',
  from: 'From',
  to: 'To',
  performer: 'Who',
  performerFilter: 'Name of a person or robot',
  kinds: 'What',
  all: 'Everything',
  changes: 'Changes only',
  when: 'When',
  what: 'What happened',
  where: 'From',
  none: 'Nothing was logged in this time.',
  export: 'Export',
  exportTitle: 'Export this log',
  exportBody: 'All entries of the chosen time, as a file. You get a message when it is ready.',
  callback: 'Address that is called with the file’s address',
  email: 'E-mail address',
  exportEither: 'An address of a program or an e-mail address',
  exported: 'The export has begun.',
  chart: 'Entries per day',
  nobody: 'nobody',
  refused: 'refused',
  by: 'Kind',
  erased: 'an erased person',
});

/** What the kinds of entries say; {words} are of the entry's metadata. Those without words of their own are shown as they are called. */
const sentences = catalogue('log-kinds', {
  push_repo: 'Pushed {tag} to {repo}',
  pull_repo: 'Pulled {tag} of {repo}',
  create_tag: 'Made the tag {tag} in {repo}',
  move_tag: 'Moved the tag {tag} in {repo}',
  delete_tag: 'Deleted the tag {tag} of {repo}',
  revert_tag: 'Restored the tag {tag} of {repo}',
  permanently_delete_tag: 'Deleted the tag {tag} of {repo} for good',
  autoprune_tag_delete: 'Pruned the tag {tag} of {repo}',
  change_tag_expiration: 'Changed when {tag} of {repo} expires',
  change_tag_immutability: 'Changed whether {tag} of {repo} is immutable',
  rewind_repo: 'Rewound {repo}',
  create_repo: 'Made the repository {repo}',
  delete_repo: 'Deleted the repository {repo}',
  restore_repo: 'Restored the repository {repo}',
  change_repo_visibility: 'Changed who may see {repo}',
  change_repo_permission: 'Gave access to {repo}',
  delete_repo_permission: 'Took access to {repo} away',
  set_repo_description: 'Changed the description of {repo}',
  delete_manifest: 'Deleted an image of {repo}',
  manifest_label_add: 'Put a label on an image of {repo}',
  manifest_label_delete: 'Took a label off an image of {repo}',
  create_robot: 'Made the robot {robot}',
  delete_robot: 'Deleted the robot {robot}',
  regenerate_robot_token: 'Gave the robot {robot} a new token',
  org_create: 'Made the organization',
  org_create_team: 'Made the team {team}',
  org_delete_team: 'Deleted the team {team}',
  org_add_team_member: 'Added {member} to the team {team}',
  org_remove_team_member: 'Took {member} out of the team {team}',
  org_set_team_role: 'Changed the role of the team {team}',
  add_pull_exclusion: 'Had the pulls of somebody count no more',
  remove_pull_exclusion: 'Had the pulls of somebody count again',
  set_hold: 'Put something on legal hold',
  lift_hold: 'Lifted a legal hold',
  org_create_quota: 'Set a quota',
  org_change_quota: 'Changed a quota',
  org_delete_quota: 'Took a quota away',
  account_change_password: 'Changed a password',
  user_change_email: 'Changed an e-mail address',
  user_disable: 'Shut somebody out',
  user_enable: 'Let somebody in again',
  user_change_superuser: 'Changed who is a superuser',
  service_key_create: 'Made a key for the service {service}',
  service_key_approve: 'Approved the key of a service',
  service_key_delete: 'Deleted the key of a service',
  create_global_message: 'Said something to everybody',
  delete_global_message: 'Took a message to everybody back',
  login_success: 'Signed in',
  login_failure: 'Failed to sign in',
  logout_success: 'Signed out',
  user_create: 'Made the account {username}',
  create_app_specific_token: 'Made an application token',
  revoke_app_specific_token: 'Revoked an application token',
});

type SentenceKey = Parameters<typeof sentences>[0];

/** One entry as a sentence; what its words are not about follows as it is. */
export function sentence(kind: string, metadata: Record<string, unknown>): string {
  const values: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) if (typeof value === 'string' || typeof value === 'number') values[key] = String(value);
  if (values['repo'] !== undefined && values['namespace'] !== undefined && !values['repo'].includes('/')) values['repo'] = `${values['namespace']}/${values['repo']}`;
  values['tag'] ??= values['manifest_digest']?.slice(0, 19) ?? values['digest']?.slice(0, 19) ?? '';
  const said = sentences(kind as SentenceKey, values);
  if (said !== kind) return said.replace(/\{\w+\}/g, '').replace(/\s+/g, ' ').trim();
  const words = kind.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
