import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column } from "@/components/table/data-table";
import { JobLink } from "@/components/job-link";
import { SatelliteLink } from "@/components/satellite-link";
import { StatusText } from "@/components/status/status-text";
import { JobStatusText } from "@/components/verdicts/verdict-text";
import type { JobItem } from "@/features/jobs/api/list-jobs";
import { SourceName } from "@/features/jobs/components/source-name";
import { durationMs } from "@/features/jobs/stages";
import { formatMs } from "@/lib/numbers";
import { formatUtc } from "@/lib/time";

/** One page of jobs. */
export function JobTable({ jobs }: { jobs: JobItem[] }) {
  const { t } = useTranslation("jobs");
  const columns = useMemo<Column<JobItem>[]>(
    () => [
      { id: "job", header: t("columns.job"), cell: ({ row }) => <JobLink jobId={row.original.job_id} /> },
      {
        id: "satellite",
        header: t("columns.satellite"),
        cell: ({ row }) => <SatelliteLink satelliteId={row.original.satellite_id} />,
      },
      {
        id: "source",
        header: t("columns.source"),
        cell: ({ row }) => <SourceName source={row.original.source} />,
      },
      {
        id: "reason",
        header: t("columns.reason"),
        cell: ({ row }) => row.original.trigger_reasons.join(", ") || "–",
      },
      {
        id: "status",
        header: t("columns.status"),
        cell: ({ row }) => <JobStatusText status={row.original.status} />,
      },
      {
        id: "done",
        header: t("columns.done"),
        cell: ({ row }) => `${row.original.completed_subsystems}/${row.original.total_subsystems}`,
      },
      {
        id: "anomalies",
        header: t("columns.anomalies"),
        cell: ({ row: { original } }) =>
          original.anomalies > 0 ? <StatusText status="serious" text={String(original.anomalies)} /> : "0",
      },
      { id: "model", header: t("columns.model"), cell: ({ row }) => row.original.model_name ?? "–" },
      {
        id: "created",
        header: t("columns.created"),
        cell: ({ row }) => <time className="numeric">{formatUtc(row.original.created_at)}</time>,
      },
      {
        id: "duration",
        header: t("columns.duration"),
        cell: ({ row }) => formatMs(durationMs(row.original)),
      },
    ],
    [t],
  );
  return <DataTable columns={columns} rows={jobs} rowKey={(job) => job.job_id} caption={t("table")} />;
}
