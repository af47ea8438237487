import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import { ContactPlanText } from "@/components/contact-plan-text";
import { formatSince } from "@/features/fleet/cells";
import { Age } from "@/features/fleet/components/age";
import { formatDuration } from "@/lib/time";

/** When a satellite was heard last, the moment in UTC and its age or contact plan; or how wrong its clock is. */
export function LastContact({ satellite, today }: { satellite: Schemas["SatelliteState"]; today: string }) {
  const { t } = useTranslation("fleet");
  const { last_contact: time, clock_behind_s: behind, contact_plan: plan } = satellite;
  if (behind !== null)
    return (
      <span className="fleet-contact">
        {t(behind < 0 ? "clockAhead" : "clockBehind", { by: formatDuration(Math.abs(behind) * 1000) })}
      </span>
    );
  return (
    <span className="fleet-contact">
      {time === null ? (
        <span className="dimmed">{t("never")}</span>
      ) : (
        <time dateTime={time} className="numeric">
          {formatSince(time, today)} <span className="dimmed">UTC</span>
        </time>
      )}
      <span className="dimmed">
        {plan ? <ContactPlanText plan={plan} today={today} /> : time && <Age since={time} />}
      </span>
    </span>
  );
}
