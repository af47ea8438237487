import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useReasonText } from "@/components/reason-text";
import { SatelliteLink } from "@/components/satellite-link";
import { useSubsystemName } from "@/components/subsystem-name";
import type { Performance } from "@/features/shift/api/shift";
import { ListPanel, type Cells } from "@/features/shift/components/facts-table";
import { formatDuration } from "@/lib/time";
import { formatShare } from "@/lib/numbers";

/** What was raised, by severity and kind, and how long it waited for somebody. */
export function RaisedList({ groups }: { groups: Schemas["RaisedAlarms"][] }) {
  const { t } = useTranslation("shift");
  const { t: tAlert } = useTranslation("alerts");
  const cells: Cells<Schemas["RaisedAlarms"]> = [
    [t("alarm.severity"), ({ severity }) => tAlert(`severity.${severity}`, { ns: "shared" })],
    [t("raised.kind"), ({ kind }) => tAlert(`kind.${kind}`)],
    [t("raised.count"), ({ count }) => count],
    [t("raised.acknowledged"), ({ acknowledged }) => acknowledged],
    [t("raised.median"), ({ acknowledged_median_s: median }) => waited(median)],
    [t("raised.p90"), ({ acknowledged_p90_s: p90 }) => waited(p90)],
  ];
  return <ListPanel title={t("raised.title")} rows={groups} cells={cells} nothing={t("none")} />;
}

/** The reasons that raised the most. */
export function FrequentList({ performance }: { performance: Performance }) {
  const { t } = useTranslation("shift");
  const { t: tAlert } = useTranslation("alerts");
  const subsystemName = useSubsystemName();
  const reasonText = useReasonText();
  const cells: Cells<Schemas["FrequentAlarm"]> = [
    [
      t("satellite"),
      ({ kind, satellite_id }) =>
        kind === "platform" ? t("ofPlatform") : <SatelliteLink satelliteId={satellite_id} />,
    ],
    [t("subsystem"), ({ subsystem }) => subsystemName(subsystem)],
    [t("reason"), ({ reason }) => reasonText(reason)],
    [t("raised.kind"), ({ kind }) => tAlert(`kind.${kind}`)],
    [t("raised.count"), ({ count }) => count],
    [t("frequent.chattering"), ({ chattering }) => chattering],
    [t("frequent.share"), ({ count }) => formatShare(count / performance.count)],
  ];
  return (
    <ListPanel
      title={t("frequent.title")}
      rows={performance.most_frequent}
      cells={cells}
      nothing={t("none")}
    />
  );
}

const waited = (seconds: number | null) => (seconds === null ? "–" : formatDuration(seconds * 1000));
