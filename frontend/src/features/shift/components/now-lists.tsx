import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { useReasonText } from "@/components/reason-text";
import { SatelliteLink } from "@/components/satellite-link";
import { useSubsystemName } from "@/components/subsystem-name";
import { UtcTime } from "@/components/utc-time";
import type { Report } from "@/features/shift/api/shift";
import { ListPanel, type Cells } from "@/features/shift/components/facts-table";

type Suppressed = Schemas["SuppressedReason"];

/** What calls nobody now, by whom, why and until when. */
export function SuppressedList({
  title,
  reasons,
  hasMore,
}: {
  title: string;
  reasons: Suppressed[];
  hasMore: boolean;
}) {
  const { t } = useTranslation("shift");
  const subsystemName = useSubsystemName();
  const reasonText = useReasonText();
  const cells: Cells<Suppressed> = [
    [t("satellite"), ({ satellite_id }) => <SatelliteLink satelliteId={satellite_id} />],
    [t("subsystem"), ({ subsystem }) => subsystemName(subsystem)],
    [t("reason"), ({ reason }) => reasonText(reason)],
    [t("suppressed.by"), ({ operator }) => operator],
    [t("suppressed.why"), ({ comment }) => <span className="shift-text">{comment}</span>],
    [t("suppressed.since"), ({ since }) => <UtcTime time={since} />],
    [t("suppressed.until"), ({ until }) => <UtcTime time={until} />],
  ];
  return (
    <ListPanel
      title={title}
      rows={reasons}
      cells={cells}
      nothing={t("none")}
      more={hasMore ? t("more") : null}
    />
  );
}

/** Satellites of which nothing, or no verdict, comes. */
export function SatelliteLists({ report }: { report: Report }) {
  const { t } = useTranslation("shift");
  const subsystemName = useSubsystemName();
  const silent: Cells<Schemas["SilentSatellite"]> = [
    [t("satellite"), ({ satellite_id }) => <SatelliteLink satelliteId={satellite_id} />],
    [t("silent.contact"), ({ last_contact }) => <UtcTime time={last_contact} />],
  ];
  const notJudged: Cells<Schemas["NotJudged"]> = [
    [t("satellite"), ({ satellite_id }) => <SatelliteLink satelliteId={satellite_id} />],
    [t("subsystem"), ({ subsystem }) => subsystemName(subsystem)],
    [t("reason"), ({ reason }) => reason],
  ];
  return (
    <>
      <ListPanel title={t("silent.title")} rows={report.silent} cells={silent} nothing={t("none")} />
      <ListPanel title={t("notJudged")} rows={report.not_judged} cells={notJudged} nothing={t("none")} />
    </>
  );
}
