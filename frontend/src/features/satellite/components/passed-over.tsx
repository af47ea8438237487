import { useMemo } from "react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column } from "@/components/table/data-table";
import { Panel } from "@/components/page";
import { Failure } from "@/components/states";
import { UtcTime } from "@/components/utc-time";

import { usePassedOver, type RefusedValue } from "@/features/satellite/api/list-passed-over";

/** Which values of a satellite were taken as missing samples, and why; nothing where there were none. */
export function PassedOver({ satelliteId }: { satelliteId: string }) {
  const { t } = useTranslation("satellite");
  const { data, error, refetch } = usePassedOver(satelliteId);
  const columns = useColumns();
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data?.length) return null;
  return (
    <Panel title={t("passedOver.title")}>
      <p className="dimmed satellite-note">{t("passedOver.hint")}</p>
      <DataTable
        caption={t("passedOver.title")}
        columns={columns}
        rows={data}
        rowKey={(row) => `${row.channel} ${row.reason}`}
      />
    </Panel>
  );
}

function useColumns() {
  const { t } = useTranslation("satellite");
  return useMemo<Column<RefusedValue>[]>(
    () => [
      { id: "channel", header: t("passedOver.channel"), cell: ({ row }) => row.original.channel },
      {
        id: "reason",
        header: t("passedOver.reason"),
        cell: ({ row }) => t(`passedOver.reasons.${row.original.reason}`, row.original.reason),
      },
      {
        id: "count",
        header: t("passedOver.count"),
        cell: ({ row }) => <span className="numeric">{row.original.count}</span>,
      },
      {
        id: "value",
        header: t("passedOver.value"),
        cell: ({ row }) => <code className="satellite-refused">{row.original.last_value}</code>,
      },
      {
        id: "at",
        header: t("passedOver.at"),
        cell: ({ row }) => <UtcTime time={row.original.last_at} />,
      },
    ],
    [t],
  );
}
