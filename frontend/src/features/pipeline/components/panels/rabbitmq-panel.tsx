import { useTranslation } from "react-i18next";

import { StatusText } from "@/components/status/status-text";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { formatCount } from "@/features/pipeline/data/figures";
import { Value } from "@/features/pipeline/components/figure";
import { PartPanel } from "@/features/pipeline/components/part-panel";
import { Name, RowsTable } from "@/features/pipeline/components/rows-table";

/** The tasks that wait, and those that are worked on. */
export function RabbitmqPanel({ part }: { part: Pipeline["rabbitmq"] }) {
  const { t } = useTranslation("pipeline");
  return (
    <PartPanel name="rabbitmq" part={part} rule={t("rabbitmq.rule")}>
      <RowsTable
        caption={t("parts.rabbitmq")}
        rows={part.queues}
        rowKey={(row) => row.queue}
        isUnknown={part.state === "off"}
        columns={[
          { label: t("rabbitmq.queue"), cell: (row) => <Name>{row.queue}</Name>, isText: true },
          { label: t("rabbitmq.ready"), cell: (row) => <Value value={formatCount(row.ready)} /> },
          {
            label: t("rabbitmq.unacknowledged"),
            cell: (row) => <Value value={formatCount(row.unacknowledged)} />,
          },
          { label: t("rabbitmq.consumers"), cell: (row) => <Value value={formatCount(row.consumers)} /> },
          {
            label: t("rabbitmq.state"),
            cell: (row) => <StatusText status={row.state} text={t(`states.${row.state}`)} />,
            isText: true,
          },
        ]}
      />
    </PartPanel>
  );
}
