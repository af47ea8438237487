import { Table } from "@mantine/core";
import {
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
  type ColumnDef,
  type RowData,
  type SortingState,
} from "@tanstack/react-table";
import { useTranslation } from "react-i18next";

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { alphanumeric: sortFn_alphanumeric, basic: sortFn_basic },
});

export type Column<T extends RowData> = ColumnDef<typeof features, T>;
export type Sort = { id: string; desc: boolean };

/**
 * A table that sorts by its headings; the order lives with the caller (in the address), so that a link keeps it.
 * Without `onSort` the rows stay as they come. Columns with `enableSorting: false` have plain headings.
 */
export function DataTable<T extends RowData>({
  columns,
  rows,
  rowKey,
  caption,
  sort = null,
  onSort,
}: {
  columns: Column<T>[];
  rows: T[];
  rowKey: (row: T) => string;
  caption: string;
  sort?: Sort | null;
  onSort?: (sort: Sort | null) => void;
}) {
  const { t } = useTranslation("shared");
  const sorting: SortingState = sort ? [sort] : [];
  const table = useTable({
    features,
    columns,
    data: rows,
    getRowId: rowKey,
    enableSorting: onSort !== undefined,
    state: { sorting },
    onSortingChange: (change) => {
      const next = typeof change === "function" ? change(sorting) : change;
      onSort?.(next[0] ?? null);
    },
  });
  return (
    <Table.ScrollContainer minWidth={0} type="native" tabIndex={0} role="group" aria-label={caption}>
      <Table striped="even" highlightOnHover verticalSpacing={4} className="data-table" aria-label={caption}>
        <Table.Thead>
          {table.getHeaderGroups().map((group) => (
            <Table.Tr key={group.id}>
              {group.headers.map((header) => {
                const order = header.column.getIsSorted();
                return (
                  <Table.Th
                    key={header.id}
                    aria-sort={order ? (order === "desc" ? "descending" : "ascending") : undefined}
                  >
                    {header.column.getCanSort() ? (
                      <button
                        type="button"
                        className="sort-button"
                        title={t("sort")}
                        onClick={header.column.getToggleSortingHandler()}
                      >
                        <table.FlexRender header={header} />
                        <span aria-hidden>{order === "desc" ? " ↓" : order === "asc" ? " ↑" : ""}</span>
                      </button>
                    ) : (
                      <table.FlexRender header={header} />
                    )}
                  </Table.Th>
                );
              })}
            </Table.Tr>
          ))}
        </Table.Thead>
        <Table.Tbody>
          {table.getRowModel().rows.map((row) => (
            <Table.Tr key={row.id}>
              {row.getAllCells().map((cell) => (
                <Table.Td key={cell.id}>
                  <table.FlexRender cell={cell} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
