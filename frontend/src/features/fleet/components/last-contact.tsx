import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { formatSince } from "@/features/fleet/cells";
import { Age } from "@/features/fleet/components/age";
import { formatDuration } from "@/lib/time";

/** When a satellite was heard last, the moment in UTC and its age; or how wrong its clock is. */
export function LastContact({ satellite, today }: { satellite: Schemas["SatelliteState"]; today: string }) {
  const { t } = useTranslation("fleet");
  const { last_contact: time, clock_behind_s: behind } = satellite;
  if (behind !== null)
    return (
      <span className="fleet-contact">
        {t(behind < 0 ? "clockAhead" : "clockBehind", { by: formatDuration(Math.abs(behind) * 1000) })}
      </span>
    );
  if (time === null) return <span className="dimmed">{t("never")}</span>;
  return (
    <span className="fleet-contact">
      <time dateTime={time} className="numeric">
        {formatSince(time, today)} <span className="dimmed">UTC</span>
      </time>
      <span className="dimmed">
        <Age since={time} />
      </span>
    </span>
  );
}
