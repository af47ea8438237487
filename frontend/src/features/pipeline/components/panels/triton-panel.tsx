import { useTranslation } from "react-i18next";

import { StatusText } from "@/components/status/status-text";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatCount, formatMeasure } from "@/features/pipeline/data/figures";
import { Value } from "@/features/pipeline/components/figure";
import { PartPanel } from "@/features/pipeline/components/part-panel";
import { Name, RowsTable } from "@/features/pipeline/components/rows-table";

/** The models that are served, and what they did. */
export function TritonPanel({ part }: { part: Pipeline["triton"] }) {
  const { t } = useTranslation("pipeline");
  return (
    <PartPanel name="triton" part={part} rule={t("triton.rule")}>
      <RowsTable
        caption={t("parts.triton")}
        rows={part.models}
        rowKey={(row) => `${row.model_name} ${row.version}`}
        isUnknown={part.state === "off"}
        columns={[
          {
            label: t("triton.model"),
            cell: (row) => (
              <>
                <Name>{row.model_name}</Name> <span className="dimmed">v{row.version}</span>
              </>
            ),
            isText: true,
          },
          { label: t("triton.inferences"), cell: (row) => <Value value={formatCount(row.inferences)} /> },
          { label: t("triton.failures"), cell: (row) => <Value value={formatCount(row.failures)} /> },
          { label: t("triton.compute"), cell: (row) => <Value value={formatMeasure(row.mean_compute_ms)} /> },
          {
            label: t("triton.state"),
            cell: ({ is_ready }) => (
              <StatusText
                status={is_ready ? "normal" : "serious"}
                text={t(is_ready ? "triton.ready" : "triton.notReady")}
              />
            ),
            isText: true,
          },
        ]}
      />
    </PartPanel>
  );
}
