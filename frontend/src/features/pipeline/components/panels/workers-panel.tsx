import { useTranslation } from "react-i18next";

import { StatusText } from "@/components/status/status-text";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatCount } from "@/features/pipeline/data/figures";
import { Value } from "@/features/pipeline/components/figure";
import { PartPanel } from "@/features/pipeline/components/part-panel";
import { Name, RowsTable } from "@/features/pipeline/components/rows-table";

/** Who takes the tasks, and how busy they are. */
export function WorkersPanel({ part }: { part: Pipeline["workers"] }) {
  const { t } = useTranslation("pipeline");
  return (
    <PartPanel name="workers" part={part} rule={t("workers.rule")}>
      <RowsTable
        caption={t("parts.workers")}
        rows={part.workers}
        rowKey={(row) => row.worker}
        isUnknown={part.state === "off"}
        columns={[
          { label: t("workers.worker"), cell: (row) => <Name>{row.worker}</Name>, isText: true },
          { label: t("workers.active"), cell: (row) => <Value value={formatCount(row.active)} /> },
          { label: t("workers.concurrency"), cell: (row) => <Value value={formatCount(row.concurrency)} /> },
          { label: t("workers.processed"), cell: (row) => <Value value={formatCount(row.processed)} /> },
          {
            label: t("kafka.state"),
            cell: ({ is_alive }) => <Answering isAlive={is_alive} />,
            isText: true,
          },
        ]}
      />
    </PartPanel>
  );
}

/** Which services answer. */
export function ServicesPanel({ part }: { part: Pipeline["services"] }) {
  const { t } = useTranslation("pipeline");
  return (
    <PartPanel name="services" part={part}>
      <RowsTable
        caption={t("parts.services")}
        rows={part.services}
        rowKey={(row) => row.service}
        isUnknown={part.state === "off"}
        columns={[
          { label: t("workers.service"), cell: (row) => <Name>{row.service}</Name>, isText: true },
          {
            label: t("kafka.state"),
            cell: ({ is_running }) => <Answering isAlive={is_running} />,
            isText: true,
          },
        ]}
      />
    </PartPanel>
  );
}

function Answering({ isAlive }: { isAlive: boolean }) {
  const { t } = useTranslation("pipeline");
  return (
    <StatusText status={isAlive ? "normal" : "off"} text={t(isAlive ? "workers.alive" : "workers.silent")} />
  );
}
