import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";

/** No more alerts that ended unacknowledged are counted by the server. */
const MOST_COUNTED = 100;

/** How many alerts of a satellite are open, wait for a person, or ended before one looked; leads to them. */
export function AlertCount({ satellite }: { satellite: Schemas["SatelliteState"] }) {
  const { t } = useTranslation("fleet");
  const { satellite_id, open_alerts, unacknowledged_alerts, returned_alerts } = satellite;
  return (
    <>
      <Link
        to="/alerts"
        search={{ satellite: satellite_id }}
        className="fleet-cell numeric"
        title={t("alertsOf", { satellite: satellite_id })}
        preload={false}
      >
        {open_alerts === 0 ? (
          <span className="dimmed">{t("noAlerts")}</span>
        ) : (
          <span>{t("alerts", { count: open_alerts })}</span>
        )}
        {unacknowledged_alerts > 0 && (
          <strong className="fleet-note">{t("unacknowledged", { count: unacknowledged_alerts })}</strong>
        )}
      </Link>
      {returned_alerts > 0 && (
        <Link
          to="/alerts"
          search={{ satellite: satellite_id, state: "returned", range: "30d" }}
          className="fleet-returned numeric"
          title={t("returnedOf", { satellite: satellite_id })}
          preload={false}
        >
          {t("returned", {
            formatted: returned_alerts >= MOST_COUNTED ? `${MOST_COUNTED}+` : String(returned_alerts),
          })}
        </Link>
      )}
    </>
  );
}
