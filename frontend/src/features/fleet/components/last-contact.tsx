import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { formatSince } from "@/features/fleet/cells";
import { Age } from "@/features/fleet/components/age";

const SECONDS_PER_YEAR = 365.25 * 86_400;

/** When a satellite was heard last, the moment in UTC and its age; or how far its clock jumped back. */
export function LastContact({ satellite, today }: { satellite: Schemas["SatelliteState"]; today: string }) {
  const { t } = useTranslation("fleet");
  const { last_contact: time, clock_behind_s: behind } = satellite;
  if (behind !== null)
    return (
      <span className="fleet-contact">
        {t("clockJumpedBack", { years: Math.round(behind / SECONDS_PER_YEAR) })}
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
