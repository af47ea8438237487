import { useMemo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { DataTable, type Column } from "@/components/table/data-table";
import { SatelliteLink } from "@/components/satellite-link";
import { useSubsystemName } from "@/components/subsystem-name";
import {
  Measured,
  placeOf,
  SeverityText,
  StateText,
  useKindText,
} from "@/features/alerts/components/alarm-words";
import { FeedbackMenu } from "@/features/alerts/components/feedback-menu";
import { AlertLink } from "@/features/alerts/components/list/alert-link";
import { SelectBox } from "@/features/alerts/components/bulk/select-box";
import { FoldButton } from "@/features/alerts/components/list/fold-button";
import type { Folds } from "@/features/alerts/data/folds";
import type { Row } from "@/features/alerts/data/groups";
import type { Selection } from "@/features/alerts/data/selection";
import type { en } from "@/features/alerts/messages";
import type { Alarm } from "@/features/alerts/states";
import { formatUtc } from "@/lib/time";

/** Alarms in rows, in the server's order. */
export function AlarmTable({
  rows,
  folds,
  selection,
  caption,
}: {
  rows: Row[];
  folds: Folds;
  selection: Selection;
  caption: string;
}) {
  const columns = useColumns(folds, selection);
  return <DataTable columns={columns} rows={rows} rowKey={({ alarm }) => alarm.alarm_id} caption={caption} />;
}

function useColumns(folds: Folds, selection: Selection): Column<Row>[] {
  const { t } = useTranslation("alerts");
  return useMemo(() => {
    const column = (
      id: keyof (typeof en)["columns"],
      cell: (alarm: Alarm, row: Row) => ReactNode,
    ): Column<Row> => ({
      id,
      header: t(`columns.${id}`),
      cell: ({ row: { original } }) => cell(original.alarm, original),
    });
    return [
      column("severity", (alarm, { others, isOther }) => (
        <span className="alert-pick" data-other={isOther}>
          <SelectBox alarm={alarm} folded={folds.isUnfolded(alarm) ? [] : others} selection={selection} />
          <SeverityText alarm={alarm} />
        </span>
      )),
      column("kind", (_, row) => <Kind row={row} folds={folds} />),
      column("satellite", (alarm) => <Place alarm={alarm} />),
      column("state", (alarm) => (
        <>
          <StateText alarm={alarm} />
          <FeedbackMenu alarm={alarm} />
        </>
      )),
      column("owner", ({ assigned_to }) => <span className="alert-owner">{assigned_to ?? "–"}</span>),
      column("count", ({ violations }) => <span className="numeric">{violations}</span>),
      column("started", ({ started_at }) => <Moment time={started_at} />),
      column("last", ({ last_at }) => <Moment time={last_at} />),
    ];
  }, [t, folds, selection]);
}

/** What kind of alarm it is, what was measured, and what began together with it. */
function Kind({ row, folds }: { row: Row; folds: Folds }) {
  const { alarm } = row;
  const kindText = useKindText();
  return (
    <>
      <AlertLink alertId={alarm.alarm_id}>{kindText(alarm)}</AlertLink>
      <div className="dimmed">
        <Measured alarm={alarm} />
      </div>
      <FoldButton row={row} isUnfolded={folds.isUnfolded(alarm)} onFold={() => folds.turn(alarm)} />
    </>
  );
}

/** The satellite, or the platform, and its part. */
function Place({ alarm }: { alarm: Alarm }) {
  const subsystemName = useSubsystemName();
  const { kind, satellite_id, subsystem } = alarm;
  if (kind === "platform") return placeOf(alarm);
  return (
    <>
      <span className="alert-above">
        <SatelliteLink satelliteId={satellite_id} subsystem={subsystem} />
      </span>
      <div className="dimmed">{subsystemName(subsystem)}</div>
    </>
  );
}

function Moment({ time }: { time: string }) {
  return (
    <time dateTime={time} className="numeric">
      {formatUtc(time).slice(5)}
    </time>
  );
}
