import { Button, Checkbox } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column } from "@/components/table/data-table";
import type { DeadLetter } from "@/features/dead-letters/api/dead-letters";
import { formatUtc } from "@/lib/time";

/** One page of letters, of which open ones can be chosen. */
export function LetterTable({
  letters,
  chosen,
  onChoose,
  onShow,
}: {
  letters: DeadLetter[];
  chosen: ReadonlySet<number>;
  onChoose: (id: number) => void;
  onShow: (id: number) => void;
}) {
  const { t } = useTranslation("dead-letters");
  const columns = useMemo<Column<DeadLetter>[]>(
    () => [
      {
        id: "choose",
        header: t("columns.choose"),
        cell: ({ row: { original } }) => (
          <Checkbox
            size="xs"
            aria-label={t("choose", { id: original.id })}
            checked={chosen.has(original.id)}
            disabled={original.state !== "open"}
            onChange={() => onChoose(original.id)}
          />
        ),
      },
      {
        id: "id",
        header: t("columns.id"),
        cell: ({ row: { original } }) => (
          <Button size="compact-xs" variant="default" onClick={() => onShow(original.id)}>
            {original.id}
          </Button>
        ),
      },
      {
        id: "refused",
        header: t("columns.refused"),
        cell: ({ row }) => <time className="numeric">{formatUtc(row.original.refused_at)}</time>,
      },
      { id: "source", header: t("columns.source"), cell: ({ row }) => t(`source.${row.original.source}`) },
      { id: "reason", header: t("columns.reason"), cell: ({ row }) => row.original.reason },
      { id: "detail", header: t("columns.detail"), cell: ({ row }) => row.original.detail.slice(0, 80) },
      {
        id: "satellite",
        header: t("columns.satellite"),
        cell: ({ row }) => row.original.satellite_id ?? "–",
      },
      { id: "attempt", header: t("columns.attempt"), cell: ({ row }) => row.original.attempt },
      { id: "size", header: t("columns.size"), cell: ({ row }) => row.original.size_bytes },
      { id: "state", header: t("columns.state"), cell: ({ row }) => t(`state.${row.original.state}`) },
    ],
    [t, chosen, onChoose, onShow],
  );
  return (
    <DataTable columns={columns} rows={letters} rowKey={(letter) => String(letter.id)} caption={t("table")} />
  );
}
