import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";

/** How many alerts of a satellite are open and how many of them wait for a person; leads to them. */
export function AlertCount({ satellite }: { satellite: Schemas["SatelliteState"] }) {
  const { t } = useTranslation("fleet");
  const { satellite_id, open_alerts, unacknowledged_alerts } = satellite;
  return (
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
  );
}
