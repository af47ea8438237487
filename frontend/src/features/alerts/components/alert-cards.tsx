import { useTranslation } from "react-i18next";

import { useSubsystemName } from "@/components/subsystem-name";
import { UtcTime } from "@/components/utc-time";
import { AlertLink } from "@/features/alerts/components/alert-link";
import { SeverityText, StateText, useKindText } from "@/features/alerts/components/alert-words";
import { SelectBox } from "@/features/alerts/components/bulk/select-box";
import type { Selection } from "@/features/alerts/data/selection";
import type { Alert } from "@/features/alerts/states";
import { formatScore } from "@/lib/numbers";

/** Alerts on a phone. */
export function AlertCards({ alerts, selection }: { alerts: Alert[]; selection: Selection }) {
  const { t } = useTranslation("alerts");
  const subsystemName = useSubsystemName();
  const kindText = useKindText();
  return (
    <ul className="alert-cards" aria-label={t("table")}>
      {alerts.map((alert) => (
        <li key={alert.alert_id} className="alert-card panel">
          <div className="alert-line">
            <AlertLink alertId={alert.alert_id}>
              {alert.satellite_id} · {kindText(alert)}
            </AlertLink>
            <span className="alert-pick">
              <SelectBox alert={alert} selection={selection} />
              <SeverityText alert={alert} />
            </span>
          </div>
          <div className="alert-line">
            <StateText alert={alert} />
            <span className="dimmed">{subsystemName(alert.subsystem)}</span>
          </div>
          <div className="alert-line dimmed">
            <UtcTime time={alert.started_at} />
            <span className="numeric">
              {t("columns.peak")} {formatScore(alert.peak_score)}
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}
