import { Toolbar, ToolbarContent, ToolbarItem } from '@patternfly/react-core';
import { Table, Tbody, Td, Th, Thead, Tr } from '@patternfly/react-table';
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Pages } from './More';
import { Teach } from './Teach';
import { t } from './messages';

type Props<T, Row> = {
  query: UseInfiniteQueryResult<InfiniteData<T>>;
  rows: (page: T) => readonly Row[];
  rowKey: (row: Row) => string;
  title: string;
  /** What these things are, above the list. */
  help: string;
  /** In place of the list while there is nothing in it. */
  empty: { title: string; body: string };
  /** The button that makes one more. */
  make: ReactNode;
  columns: readonly { title: string; cell: (row: Row) => ReactNode }[];
  actions: (row: Row) => ReactNode;
};

/** A list of things that are made and taken away here, such as robots: what they are for, a button for one more, and what can be done with each. */
export function Listing<T, Row>({ query, rows, rowKey, title, help, empty, make, columns, actions }: Props<T, Row>) {
  return (
    <Pages query={query} rows={rows}>
      {(found) => found.length === 0 ? <Teach title={empty.title} actions={make}>{empty.body}</Teach> : (
        <>
          <Toolbar><ToolbarContent><ToolbarItem className="wharf-faint">{help}</ToolbarItem><ToolbarItem align={{ default: 'alignEnd' }}>{make}</ToolbarItem></ToolbarContent></Toolbar>
          <Table variant="compact" aria-label={title}>
            <Thead><Tr>{columns.map((column) => <Th key={column.title}>{column.title}</Th>)}<Th screenReaderText={t('actions')} /></Tr></Thead>
            <Tbody>
              {found.map((row) => (
                <Tr key={rowKey(row)}>
                  {columns.map((column) => <Td key={column.title} dataLabel={column.title}>{column.cell(row)}</Td>)}
                  <Td isActionCell><span className="wharf-buttons">{actions(row)}</span></Td>
                </Tr>
              ))}
            </Tbody>
          </Table>
        </>
      )}
    </Pages>
  );
}
