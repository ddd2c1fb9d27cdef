import { PageHead } from '../../ui/PageHead';
import { PageTabs } from '../../ui/PageTabs';
import { FeedsTab } from './FeedsTab';
import { t } from './messages';
import { OrganizationsTab } from './OrganizationsTab';
import { WhereTab } from './WhereTab';

/** What is known of vulnerabilities in everything that the caller may see. */
export function SecurityPage() {
  return (
    <>
      <PageHead title={t('title')}>{t('lead')}</PageHead>
      <PageTabs
        label={t('tabs')}
        tabs={[
          { key: 'where', title: t('where'), content: () => <WhereTab /> },
          { key: 'organizations', title: t('organizations'), content: () => <OrganizationsTab /> },
          { key: 'feeds', title: t('feeds'), content: () => <FeedsTab /> },
        ]}
      />
    </>
  );
}
