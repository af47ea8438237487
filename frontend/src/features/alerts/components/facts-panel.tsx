import { useTranslation } from "react-i18next";

import { Panel } from "@/components/page";
import { SatelliteLink } from "@/components/satellite-link";
import { UtcTime } from "@/components/utc-time";
import type { Alarm } from "@/features/alerts/api/get-alarm";
import type { AlertDetail } from "@/features/alerts/api/get-alert";
import { AlarmFacts } from "@/features/alerts/components/alarm/alarm-facts";
import { StateText } from "@/features/alerts/components/alert-words";
import { Fact } from "@/features/alerts/components/alarm/fact";
import { spanOf } from "@/features/alerts/data/evidence";
import { formatCount } from "@/features/alerts/states";
import { formatDuration } from "@/lib/time";
import { formatScore } from "@/lib/numbers";

const HASH_LENGTH = 12;

/** State, times and origin of an alert. */
export function FactsPanel({ alert, alarm }: { alert: AlertDetail; alarm: Alarm | undefined }) {
  const { t } = useTranslation("alerts");
  const { why } = alert;
  const duration = formatDuration(Date.parse(alert.last_at) - Date.parse(alert.started_at));
  return (
    <Panel
      title={t("facts.title")}
      controls={
        <SatelliteLink satelliteId={alert.satellite_id} subsystem={alert.subsystem} {...spanOf(alert)}>
          {t("toSatellite")}
        </SatelliteLink>
      }
    >
      <dl className="alert-facts">
        <Fact name={t("facts.state")} value={<StateText alert={alert} />} />
        <Fact name={t("facts.start")} value={<UtcTime time={alert.started_at} />} />
        <Fact name={t("facts.last")} value={<UtcTime time={alert.last_at} />} />
        <Fact name={t("facts.duration")} value={duration} />
        <Fact name={t("facts.count")} value={formatCount(alert)} />
        <Fact name={t("facts.peak")} value={formatScore(alert.peak_score)} />
        {why?.model_name && (
          <Fact
            name={t("facts.model")}
            value={[why.model_name, why.model_version].filter(Boolean).join(" v")}
          />
        )}
        {why?.calibration_hash && (
          <Fact
            name={t("facts.calibration")}
            value={<code title={why.calibration_hash}>{why.calibration_hash.slice(0, HASH_LENGTH)}</code>}
          />
        )}
        {alarm && <AlarmFacts alarm={alarm} />}
      </dl>
    </Panel>
  );
}
