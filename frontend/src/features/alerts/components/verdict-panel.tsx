import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { DataTable, type Column } from "@/components/table/data-table";
import { Panel } from "@/components/page";
import { UtcTime } from "@/components/utc-time";
import { formatScore } from "@/lib/numbers";

type Verdict = Schemas["VerdictItem"];
const FIRST_ROWS = 10;

/** The verdicts an alert is made of, newest first. */
export function VerdictPanel({ verdicts }: { verdicts: Verdict[] }) {
  const { t } = useTranslation("alerts");
  const [isWhole, setWhole] = useState(false);
  const columns: Column<Verdict>[] = [
    {
      id: "time",
      header: t("verdicts.time"),
      cell: ({ row }) => <UtcTime time={row.original.generated_at} />,
    },
    {
      id: "score",
      header: t("verdicts.score"),
      cell: ({ row }) => <span className="numeric">{formatScore(row.original.anomaly_score)}</span>,
    },
    {
      id: "reason",
      header: t("verdicts.reason"),
      cell: ({ row }) => row.original.trigger_reasons.join(", ") || "–",
    },
    {
      id: "job",
      header: t("verdicts.job"),
      cell: ({ row }) => (
        <Link
          to="/jobs/$jobId"
          params={{ jobId: row.original.job_id }}
          className="alert-plain"
          title={row.original.job_id}
          preload={false}
        >
          {t("verdicts.open")}
        </Link>
      ),
    },
  ];
  if (verdicts.length === 0) return null;
  return (
    <Panel title={t("verdicts.title")}>
      <div className="alert-verdicts">
        <DataTable
          columns={columns}
          rows={isWhole ? verdicts : verdicts.slice(0, FIRST_ROWS)}
          rowKey={({ job_id }) => job_id}
          caption={t("verdicts.title")}
        />
      </div>
      {!isWhole && verdicts.length > FIRST_ROWS && (
        <Button mt="xs" size="xs" variant="default" onClick={() => setWhole(true)}>
          {t("verdicts.all", { count: verdicts.length })}
        </Button>
      )}
    </Panel>
  );
}
