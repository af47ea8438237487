import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column, type Sort } from "@/components/data-table";
import { SatelliteLink } from "@/components/satellite-link";
import { useSubsystemName } from "@/components/subsystem-name";
import { AlertLink } from "@/features/alerts/components/alert-link";
import { SeverityText, StateText, useKindText } from "@/features/alerts/components/alert-words";
import { SelectBox } from "@/features/alerts/components/bulk/select-box";
import type { Selection } from "@/features/alerts/data/selection";
import type { en } from "@/features/alerts/messages";
import { type Alert, formatCount } from "@/features/alerts/states";
import { formatUtc } from "@/lib/time";
import { formatScore } from "@/lib/numbers";

/** Alerts in rows that come sorted; a heading asks for another order. */
export function AlertTable({
  alerts,
  selection,
  sort,
  onSort,
}: {
  alerts: Alert[];
  selection: Selection;
  sort: Sort | null;
  onSort: (sort: Sort | null) => void;
}) {
  const { t } = useTranslation("alerts");
  const columns = useColumns(selection);
  return (
    <DataTable
      columns={columns}
      rows={alerts}
      rowKey={({ alert_id }) => alert_id}
      caption={t("table")}
      sort={sort}
      onSort={onSort}
    />
  );
}

function useColumns(selection: Selection): Column<Alert>[] {
  const { t } = useTranslation("alerts");
  const subsystemName = useSubsystemName();
  const kindText = useKindText();
  const column = (
    id: keyof (typeof en)["columns"],
    cell: (alert: Alert) => ReactNode,
    sortDescFirst = false,
  ): Column<Alert> => ({
    id,
    header: t(`columns.${id}`),
    accessorFn: () => 0,
    cell: ({ row }) => cell(row.original),
    sortFn: () => 0,
    sortDescFirst,
  });
  return [
    column("severity", (alert) => (
      <span className="alert-pick">
        <SelectBox alert={alert} selection={selection} />
        <SeverityText alert={alert} />
      </span>
    )),
    column("kind", (alert) => <AlertLink alertId={alert.alert_id}>{kindText(alert)}</AlertLink>),
    column("satellite", (alert) => (
      <span className="alert-above">
        <SatelliteLink satelliteId={alert.satellite_id} subsystem={alert.subsystem} />
      </span>
    )),
    column("subsystem", (alert) => subsystemName(alert.subsystem)),
    column("state", (alert) => <StateText alert={alert} />),
    column("started", (alert) => <Moment time={alert.started_at} />, true),
    column("last", (alert) => <Moment time={alert.last_at} />, true),
    column("count", (alert) => <span className="numeric">{formatCount(alert)}</span>, true),
    column("peak", (alert) => <span className="numeric">{formatScore(alert.peak_score)}</span>, true),
    column("operator", (alert) => alert.acknowledgement?.operator ?? "–"),
  ];
}

function Moment({ time }: { time: string }) {
  return (
    <time dateTime={time} className="alert-moment numeric">
      {formatUtc(time).slice(5)}
    </time>
  );
}
