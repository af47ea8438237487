import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { DataTable, type Column } from "@/components/table/data-table";
import { JobLink } from "@/components/job-link";
import { SatelliteLink } from "@/components/satellite-link";
import { SubsystemName, VerdictText } from "@/components/verdicts/verdict-text";
import { useVerdictSearch } from "@/features/search/api/search-verdicts";
import { Found } from "@/features/search/components/found";
import { SearchFields } from "@/features/search/components/search-fields";
import type { SearchState } from "@/features/search/search";
import { formatScore } from "@/lib/numbers";
import { formatUtc } from "@/lib/time";

type Verdict = Schemas["FoundVerdict"];

/** Verdicts by model, status and time. */
export function VerdictsTab({ search }: { search: SearchState }) {
  const { t } = useTranslation("search");
  const columns = useMemo<Column<Verdict>[]>(
    () => [
      { id: "job", header: t("columns.job"), cell: ({ row }) => <JobLink jobId={row.original.job_id} /> },
      {
        id: "satellite",
        header: t("columns.satellite"),
        cell: ({ row }) => <SatelliteLink satelliteId={row.original.satellite_id} />,
      },
      {
        id: "subsystem",
        header: t("columns.subsystem"),
        cell: ({ row }) => <SubsystemName name={row.original.subsystem} />,
      },
      { id: "model", header: t("columns.model"), cell: ({ row }) => row.original.model_name },
      {
        id: "verdict",
        header: t("columns.verdict"),
        cell: ({ row: { original } }) => <VerdictText verdict={original.verdict} status={original.status} />,
      },
      { id: "score", header: t("columns.score"), cell: ({ row }) => formatScore(row.original.anomaly_score) },
      { id: "reason", header: t("columns.reason"), cell: ({ row }) => row.original.trigger_reason ?? "–" },
      {
        id: "created",
        header: t("columns.created"),
        cell: ({ row }) => <time className="numeric">{formatUtc(row.original.created_at)}</time>,
      },
    ],
    [t],
  );
  return (
    <>
      <SearchFields fields={["model", "status"]} />
      <Found query={useVerdictSearch(search)} isEmpty={({ results }) => results.length === 0}>
        {({ results }) => (
          <DataTable
            columns={columns}
            rows={results}
            rowKey={(verdict) => `${verdict.job_id} ${verdict.subsystem}`}
            caption={t("tabs.verdicts")}
          />
        )}
      </Found>
    </>
  );
}
