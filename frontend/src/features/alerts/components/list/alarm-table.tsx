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
import { AlertLink } from "@/features/alerts/components/list/alert-link";
import { SelectBox } from "@/features/alerts/components/bulk/select-box";
import type { Selection } from "@/features/alerts/data/selection";
import type { en } from "@/features/alerts/messages";
import type { Alarm } from "@/features/alerts/states";
import { formatUtc } from "@/lib/time";

/** Alarms in rows, in the server's order. */
export function AlarmTable({
  alarms,
  selection,
  caption,
}: {
  alarms: Alarm[];
  selection: Selection;
  caption: string;
}) {
  const columns = useColumns(selection);
  return <DataTable columns={columns} rows={alarms} rowKey={({ alarm_id }) => alarm_id} caption={caption} />;
}

function useColumns(selection: Selection): Column<Alarm>[] {
  const { t } = useTranslation("alerts");
  return useMemo(() => {
    const column = (id: keyof (typeof en)["columns"], cell: (alarm: Alarm) => ReactNode): Column<Alarm> => ({
      id,
      header: t(`columns.${id}`),
      cell: ({ row }) => cell(row.original),
    });
    return [
      column("severity", (alarm) => (
        <span className="alert-pick">
          <SelectBox alarm={alarm} selection={selection} />
          <SeverityText alarm={alarm} />
        </span>
      )),
      column("kind", (alarm) => <Kind alarm={alarm} />),
      column("satellite", (alarm) => <Place alarm={alarm} />),
      column("state", (alarm) => <StateText alarm={alarm} />),
      column("owner", ({ assigned_to }) => <span className="alert-owner">{assigned_to ?? "–"}</span>),
      column("count", ({ violations }) => <span className="numeric">{violations}</span>),
      column("started", ({ started_at }) => <Moment time={started_at} />),
      column("last", ({ last_at }) => <Moment time={last_at} />),
    ];
  }, [t, selection]);
}

/** What kind of alarm it is, and what was measured. */
function Kind({ alarm }: { alarm: Alarm }) {
  const kindText = useKindText();
  return (
    <>
      <AlertLink alertId={alarm.alarm_id}>{kindText(alarm)}</AlertLink>
      <div className="dimmed">
        <Measured alarm={alarm} />
      </div>
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
