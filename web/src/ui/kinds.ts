import { t } from './messages';

/** What a kind of Quay's API is called here. */
export function kindName(kind: string): string {
  switch (kind) {
    case 'repository': return t('repository');
    case 'organization': case 'org': return t('organization');
    case 'user': return t('user');
    case 'robot': return t('robot');
    case 'team': return t('team');
    case 'tag': return t('tag');
    case 'manifest': return t('manifest');
    default: return kind;
  }
}
