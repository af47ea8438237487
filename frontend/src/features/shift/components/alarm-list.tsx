import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useReasonText } from "@/components/reason-text";
import { useSubsystemName } from "@/components/subsystem-name";
import { UtcTime } from "@/components/utc-time";
import { ListPanel, type Cells } from "@/features/shift/components/facts-table";
import { formatValue } from "@/lib/numbers";

type Alarm = Schemas["Alarm"];

/** Alarms of the report, each with a link to all that is known of it. */
export function AlarmList({ title, found }: { title: string; found: Schemas["AlarmList"] }) {
  const { t } = useTranslation("shift");
  const { t: tAlert } = useTranslation("alerts");
  const { t: tAlarm } = useTranslation("alarms");
  const subsystemName = useSubsystemName();
  const reasonText = useReasonText();
  const cells: Cells<Alarm> = [
    [t("alarm.severity"), ({ severity }) => tAlert(`severity.${severity}`, { ns: "shared" })],
    [
      t("alarm.what"),
      (alarm) => (
        <Link
          to="/alerts/$alertId"
          params={{ alertId: alarm.alarm_id }}
          preload={false}
          className="shift-link"
        >
          {[alarm.satellite_id, subsystemName(alarm.subsystem), reasonText(alarm.reason)].join(" · ")}
        </Link>
      ),
    ],
    [t("alarm.state"), ({ state }) => tAlarm(`state.${state}`)],
    [t("alarm.from"), ({ started_at }) => <UtcTime time={started_at} />],
    [t("alarm.until"), ({ returned_at }) => <UtcTime time={returned_at} />],
    [t("alarm.worst"), ({ worst_value }) => formatValue(worst_value)],
    [t("alarm.limit"), ({ limit }) => limit ?? "–"],
    [t("alarm.by"), ({ acknowledged_by }) => acknowledged_by ?? "–"],
  ];
  return (
    <ListPanel
      title={title}
      rows={found.alarms}
      cells={cells}
      nothing={t("none")}
      more={found.is_truncated ? t("more") : null}
    />
  );
}
