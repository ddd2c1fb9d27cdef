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
  exportFiltered: 'All entries of the chosen time that pass the filters, as a file. You get a message when it is ready.',
  kindFilter: 'Kind of entry',
  chosenKinds: 'Kinds',
  noKind: 'No kind of entry is called “{text}”.',
  clear: 'Clear',
  without: 'Without {kind}',
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

const english = {
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
  pull_repo_failed: 'Was refused a pull of {repo}',
  push_repo_failed: 'Was refused a push to {repo}',
  delete_tag_failed: 'Was refused a deletion in {repo}',
  request_refused: 'Was refused something',
  api_read: 'Read something by the API',
  change_repo_state: 'Changed whether {repo} is read-only',
  delete_blob: 'Deleted a blob of {repo}',
  collect_garbage: 'Collected what nothing needs',
  purge_repo: 'Purged the repository {repo}',
  tag_expired: 'The tag {tag} of {repo} expired',
  tag_made_immutable_by_policy: 'Made {tag} of {repo} immutable, by a policy',
  tags_made_immutable_by_policy: 'Made tags immutable, by a policy',
  create_immutability_policy: 'Made a policy on what is immutable',
  update_immutability_policy: 'Changed a policy on what is immutable',
  delete_immutability_policy: 'Deleted a policy on what is immutable',
  create_namespace_autoprune_policy: 'Made a pruning policy',
  update_namespace_autoprune_policy: 'Changed a pruning policy',
  delete_namespace_autoprune_policy: 'Deleted a pruning policy',
  create_repository_autoprune_policy: 'Made a pruning policy of {repo}',
  update_repository_autoprune_policy: 'Changed a pruning policy of {repo}',
  delete_repository_autoprune_policy: 'Deleted a pruning policy of {repo}',
  change_robot: 'Changed the robot {robot}',
  create_prototype_permission: 'Made a default permission',
  modify_prototype_permission: 'Changed a default permission',
  delete_prototype_permission: 'Deleted a default permission',
  org_delete: 'Deleted the organization',
  org_restore: 'Restored the organization',
  org_change_name: 'Renamed the organization',
  org_change_email: 'Changed the e-mail address of the organization',
  org_change_tag_expiration: 'Changed for how long what was deleted comes back',
  org_set_team_description: 'Described the team {team}',
  org_invite_team_member: 'Invited {member} to the team {team}',
  org_delete_team_member_invite: 'Withdrew an invitation to the team {team}',
  org_team_member_invite_accepted: 'Accepted an invitation to the team {team}',
  org_team_member_invite_declined: 'Declined an invitation to the team {team}',
  org_create_quota_limit: 'Set a threshold of a quota',
  org_change_quota_limit: 'Changed a threshold of a quota',
  org_delete_quota_limit: 'Took a threshold of a quota away',
  take_ownership: 'Took ownership of the organization',
  create_application: 'Made an application',
  update_application: 'Changed an application',
  delete_application: 'Deleted an application',
  reset_application_client_secret: 'Gave an application a new secret',
  create_oauth_api_token: 'Made a token of an application',
  revoke_oauth_api_token: 'Revoked a token of an application',
  account_convert: 'Made an organization of an account',
  user_delete: 'Deleted an account',
  user_erase: 'Erased a person',
  user_change_metadata: 'Changed a profile',
  user_change_tag_expiration: 'Changed for how long what was deleted comes back',
  send_recovery_email: 'Asked for a new password by mail',
  export_logs_success: 'Exported a log',
  export_logs_failure: 'Failed to export a log',
  service_key_extend: 'Extended the key of a service',
  service_key_modify: 'Changed the key of a service',
};

/** What the kinds of entries say; {words} are of the entry's metadata. Those without words of their own are shown as they are called. */
const sentences = catalogue('log-kinds', english);

type SentenceKey = Parameters<typeof sentences>[0];

/** The kinds that have a sentence, by name. */
export const knownKinds: readonly string[] = Object.keys(english).sort();

/** What is said of a kind, without what differs from entry to entry. */
export const template = (kind: string): string => sentences(kind as SentenceKey).replace(/\{\w+\}/g, '');

/** A kind as it is called, in words. */
export function kindWords(kind: string): string {
  const words = kind.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** One entry as a sentence; what its words are not about follows as it is. */
export function sentence(kind: string, metadata: Record<string, unknown>): string {
  const values: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) if (typeof value === 'string' || typeof value === 'number') values[key] = String(value);
  if (values['repo'] !== undefined && values['namespace'] !== undefined && !values['repo'].includes('/')) values['repo'] = `${values['namespace']}/${values['repo']}`;
  values['tag'] ??= values['manifest_digest']?.slice(0, 19) ?? values['digest']?.slice(0, 19) ?? '';
  const said = sentences(kind as SentenceKey, values);
  if (said !== kind) return said.replace(/\{\w+\}/g, '').replace(/\s+/g, ' ').trim();
  return kindWords(kind);
}
