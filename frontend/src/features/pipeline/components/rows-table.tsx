import { Fragment, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { Value } from "@/features/pipeline/components/figure";

export type RowsColumn<T> = {
  label: string;
  cell: (row: T) => ReactNode;
  isText?: boolean;
};

/** The rows of a part, each named by its first cell; a part without rows says so. */
export function RowsTable<T>({
  caption,
  columns,
  rows,
  rowKey,
  isUnknown = false,
}: {
  caption: string;
  columns: RowsColumn<T>[];
  rows: readonly T[];
  rowKey: (row: T) => string;
  isUnknown?: boolean;
}) {
  const { t } = useTranslation("pipeline");
  const kind = (column: RowsColumn<T>) => (column.isText ? undefined : "pipeline-number");
  return (
    <table className="pipeline-table" aria-label={caption}>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.label} scope="col" className={kind(column)}>
              {column.label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.length === 0 && (
          <tr>
            <td colSpan={columns.length} className="dimmed">
              {isUnknown ? <Value value={null} /> : t("none")}
            </td>
          </tr>
        )}
        {rows.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map((column, index) =>
              index === 0 ? (
                <th key={column.label} scope="row">
                  {column.cell(row)}
                </th>
              ) : (
                <td key={column.label} className={kind(column)}>
                  {column.cell(row)}
                </td>
              ),
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A machine's name that may break where a reader would. */
export function Name({ children }: { children: string }) {
  return children.split(/(?<=[-_@.])/).map((piece, index) => (
    <Fragment key={index}>
      {piece}
      <wbr />
    </Fragment>
  ));
}
