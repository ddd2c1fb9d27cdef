import { Breadcrumb, BreadcrumbItem, Content, Flex, FlexItem, PageSection, Title } from '@patternfly/react-core';
import { Link } from '@tanstack/react-router';
import { useEffect, type ReactNode } from 'react';

type Crumb = { name: string; to: string };

/** The head of a page: where it is, what it is called (in the window's title too), and what one can do with the whole of it. */
export function PageHead({ title, crumbs = [], picture, badges, actions, children }: {
  title: string; crumbs?: Crumb[]; picture?: ReactNode; badges?: ReactNode; actions?: ReactNode; children?: ReactNode;
}) {
  useEffect(() => { document.title = `${title} · Wharf`; }, [title]);
  return (
    <PageSection>
      {crumbs.length > 0 && (
        <Breadcrumb className="wharf-crumbs">
          {crumbs.map((each) => <BreadcrumbItem key={each.to} render={({ className }) => <Link className={className} to={each.to}>{each.name}</Link>} />)}
          <BreadcrumbItem isActive>{title}</BreadcrumbItem>
        </Breadcrumb>
      )}
      <Flex justifyContent={{ default: 'justifyContentSpaceBetween' }} alignItems={{ default: 'alignItemsCenter' }}>
        <Flex alignItems={{ default: 'alignItemsCenter' }} spaceItems={{ default: 'spaceItemsSm' }} className="wharf-title">
          {picture}
          <Title headingLevel="h1">{title}</Title>
          {badges}
        </Flex>
        {actions && <FlexItem><Flex spaceItems={{ default: 'spaceItemsSm' }}>{actions}</Flex></FlexItem>}
      </Flex>
      {children && <Content className="wharf-lead">{children}</Content>}
    </PageSection>
  );
}
