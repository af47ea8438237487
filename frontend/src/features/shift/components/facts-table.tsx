import { useMediaQuery } from "@mantine/hooks";
import { useMemo, type ReactNode } from "react";

import { DataTable, type Column } from "@/components/table/data-table";
import { Panel } from "@/components/page";

export type Cells<T> = readonly (readonly [heading: string, cell: (row: T) => ReactNode])[];

/** Not of paper, which has a place for tables however narrow it is. */
const PHONE = "screen and (max-width: 48em)";

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
  const isPhone = useMediaQuery(PHONE, false, { getInitialValueInEffect: false });
  const Facts = isPhone ? FactsCards : FactsTable;
  return (
    <Panel title={rows.length > 0 ? `${title} (${rows.length}${more ? "+" : ""})` : title}>
      {rows.length === 0 ? (
        <p className="dimmed shift-nothing">{nothing}</p>
      ) : (
        <Facts rows={rows} cells={cells} caption={title} />
      )}
      {more && <p className="dimmed shift-nothing">{more}</p>}
    </Panel>
  );
}

type FactsProps<T> = { rows: readonly T[]; cells: Cells<T>; caption: string };

function FactsTable<T extends object>({ rows, cells, caption }: FactsProps<T>) {
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
    <DataTable columns={columns} rows={[...rows]} rowKey={(row) => places.get(row) ?? ""} caption={caption} />
  );
}

/** On a phone: a card for each row, its facts below each other. */
function FactsCards<T extends object>({ rows, cells, caption }: FactsProps<T>) {
  return (
    <ul className="shift-cards" aria-label={caption}>
      {rows.map((row, place) => (
        <li key={place}>
          <dl className="shift-card">
            {cells.map(([heading, cell]) => (
              <div key={heading}>
                <dt>{heading}</dt>
                <dd>{cell(row)}</dd>
              </div>
            ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}
