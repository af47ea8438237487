import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { DataTable, type Column } from "@/components/table/data-table";
import { useModelUses } from "@/features/search/api/search-models";
import { Found } from "@/features/search/components/found";
import { formatMs } from "@/lib/numbers";

type Use = Schemas["ModelUse"];

/** What each model did. */
export function ModelsTab() {
  const { t } = useTranslation("search");
  const columns = useMemo<Column<Use>[]>(
    () => [
      { id: "model", header: t("columns.model"), cell: ({ row }) => row.original.model_name },
      {
        id: "inferences",
        header: t("columns.inferences"),
        cell: ({ row }) => row.original.total_inferences.toLocaleString("en"),
      },
      {
        id: "mean",
        header: t("columns.mean"),
        cell: ({ row: { original } }) =>
          formatMs(original.avg_inference_time === null ? null : original.avg_inference_time * 1000),
      },
      {
        id: "completed",
        header: t("columns.completed"),
        cell: ({ row }) => row.original.status_breakdown.completed ?? 0,
      },
      {
        id: "failed",
        header: t("columns.failed"),
        cell: ({ row }) => row.original.status_breakdown.failed ?? 0,
      },
    ],
    [t],
  );
  return (
    <Found query={useModelUses()} isEmpty={({ model_statistics: uses }) => uses.length === 0}>
      {({ model_statistics: uses }) => (
        <DataTable
          columns={columns}
          rows={uses}
          rowKey={(use) => use.model_name}
          caption={t("tabs.models")}
        />
      )}
    </Found>
  );
}
