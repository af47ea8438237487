import { useMemo, type ReactNode } from "react";

import { DataTable, type Column } from "@/components/table/data-table";
import { Panel } from "@/components/page";

export type Cells<T> = readonly (readonly [heading: string, cell: (row: T) => ReactNode])[];

/** A list under its heading; an empty one says so in a word, and one that was cut says that there is more. */
export function ListPanel<T extends object>({
  title,
  rows,
  cells,
  nothing,
  more,
}: {
  title: string;
  rows: readonly T[];
  cells: Cells<T>;
  nothing: string;
  more?: string | null;
}) {
  const columns = useMemo<Column<T>[]>(
    () =>
      cells.map(([heading, cell]) => ({
        id: heading,
        header: heading,
        enableSorting: false,
        cell: ({ row }) => cell(row.original),
      })),
    [cells],
  );
  const places = useMemo(() => new Map(rows.map((row, place) => [row, String(place)])), [rows]);
  return (
    <Panel title={rows.length > 0 ? `${title} (${rows.length}${more ? "+" : ""})` : title}>
      {rows.length === 0 ? (
        <p className="dimmed shift-nothing">{nothing}</p>
      ) : (
        <DataTable
          columns={columns}
          rows={[...rows]}
          rowKey={(row) => places.get(row) ?? ""}
          caption={title}
        />
      )}
      {more && <p className="dimmed shift-nothing">{more}</p>}
    </Panel>
  );
}
