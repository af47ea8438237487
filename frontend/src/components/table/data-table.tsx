import { Table } from "@mantine/core";
import { replaceEqualDeep } from "@tanstack/react-query";
import {
  createSortedRowModel,
  rowSortingFeature,
  sortFn_alphanumeric,
  sortFn_basic,
  tableFeatures,
  useTable,
  type ColumnDef,
  type Row,
  type RowData,
  type SortingState,
} from "@tanstack/react-table";
import { memo, type ReactNode } from "react";
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
      <Table className="data-table" aria-label={caption}>
        <Table.Thead>
          {table.getHeaderGroups().map((group) => (
            <Table.Tr key={group.id}>
              {group.headers.map((header) => (
                <Heading key={header.id} column={header.column}>
                  <table.FlexRender header={header} />
                </Heading>
              ))}
            </Table.Tr>
          ))}
        </Table.Thead>
        <Table.Tbody>
          {/* Plain elements: a list of live news draws hundreds a second. */}
          {table.getRowModel().rows.map((row) => (
            <tr key={row.id}>
              <Cells row={row} columns={columns} />
            </tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

type CellsProps<T extends RowData> = { row: Row<typeof features, T>; columns: Column<T>[] };

function PlainCells<T extends RowData>({ row }: CellsProps<T>): ReactNode {
  return row.getAllCells().map((cell) => <td key={cell.id}>{contentOf(cell)}</td>);
}

/** Called, not mounted: as a component it would be built anew with each set of columns, and the focus in it lost. */
function contentOf<Context>(cell: {
  column: { columnDef: { cell?: string | ((context: Context) => ReactNode) } };
  getContext: () => Context;
}): ReactNode {
  const content = cell.column.columnDef.cell;
  return typeof content === "function" ? content(cell.getContext()) : content;
}

/** A row is drawn anew when what it shows changed, or the columns: with steady news most rows only move. */
const Cells = memo(
  PlainCells,
  (before, after) =>
    before.columns === after.columns &&
    replaceEqualDeep(before.row.original, after.row.original) === before.row.original,
) as typeof PlainCells;

type Sortable = {
  getCanSort: () => boolean;
  getIsSorted: () => "asc" | "desc" | false;
  getToggleSortingHandler: () => ((event: unknown) => void) | undefined;
};

function Heading({ column, children }: { column: Sortable; children: ReactNode }) {
  const { t } = useTranslation("shared");
  const order = column.getIsSorted();
  return (
    <Table.Th aria-sort={order ? (order === "desc" ? "descending" : "ascending") : undefined}>
      {column.getCanSort() ? (
        <button
          type="button"
          className="sort-button"
          title={t("sort")}
          onClick={column.getToggleSortingHandler()}
        >
          {children}
          <span aria-hidden>{order === "desc" ? " ↓" : order === "asc" ? " ↑" : ""}</span>
        </button>
      ) : (
        children
      )}
    </Table.Th>
  );
}
