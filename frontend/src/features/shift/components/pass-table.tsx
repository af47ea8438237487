import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { SatelliteLink } from "@/components/satellite-link";
import { UtcTime } from "@/components/utc-time";
import { ListPanel, type Cells } from "@/features/shift/components/facts-table";

/** Passes of contact plans, and what came of them. */
export function PassTable({ title, found }: { title: string; found: Schemas["PassList"] }) {
  const { t } = useTranslation("shift");
  const cells: Cells<Schemas["Pass"]> = [
    [t("satellite"), ({ satellite_id }) => <SatelliteLink satelliteId={satellite_id} />],
    [t("pass.station"), ({ ground_station }) => ground_station],
    [t("alarm.from"), ({ start_time }) => <UtcTime time={start_time} />],
    [t("alarm.until"), ({ end_time }) => <UtcTime time={end_time} />],
    [t("pass.outcome"), ({ outcome }) => t(`pass.${outcome}`)],
    [t("pass.firstHeard"), ({ first_heard }) => <UtcTime time={first_heard} />],
  ];
  return (
    <ListPanel
      title={title}
      rows={found.passes}
      cells={cells}
      nothing={t("none")}
      more={found.is_truncated ? t("more") : null}
    />
  );
}
