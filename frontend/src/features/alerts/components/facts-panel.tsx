import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { Panel } from "@/components/page";
import { SatelliteLink } from "@/components/satellite-link";
import { UtcTime } from "@/components/utc-time";
import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import type { AlertDetail } from "@/features/alerts/api/get-alert";
import { AlarmFacts } from "@/features/alerts/components/alarm/alarm-facts";
import { Fact } from "@/features/alerts/components/alarm/fact";
import { StateText } from "@/features/alerts/components/alarm-words";
import { spanOf } from "@/features/alerts/data/evidence";
import { formatDuration } from "@/lib/time";
import { formatScore } from "@/lib/numbers";

const HASH_LENGTH = 12;

/** State, times and origin of an alarm. */
export function FactsPanel({ alarm, why }: { alarm: AlarmDetail; why: AlertDetail["why"] }) {
  const { t } = useTranslation("alerts");
  const duration = formatDuration(Date.parse(alarm.last_at) - Date.parse(alarm.started_at));
  return (
    <Panel title={t("facts.title")} controls={alarm.kind !== "platform" && <Telemetry alarm={alarm} />}>
      <dl className="alert-facts">
        <Fact name={t("facts.state")} value={<StateText alarm={alarm} />} />
        <Fact name={t("facts.start")} value={<UtcTime time={alarm.started_at} />} />
        <Fact name={t("facts.last")} value={<UtcTime time={alarm.last_at} />} />
        <Fact name={t("facts.duration")} value={duration} />
        <Fact name={t("facts.count")} value={String(alarm.violations)} />
        {alarm.peak_score !== null && <Fact name={t("facts.peak")} value={<Peak alarm={alarm} />} />}
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
        <AlarmFacts alarm={alarm} />
      </dl>
    </Panel>
  );
}

/** The highest score, which leads to its job. */
function Peak({ alarm: { peak_score, peak_job_id } }: { alarm: AlarmDetail }) {
  if (peak_job_id === null) return formatScore(peak_score);
  return (
    <Link to="/jobs/$jobId" params={{ jobId: peak_job_id }} className="alert-plain" preload={false}>
      {formatScore(peak_score)}
    </Link>
  );
}

function Telemetry({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useTranslation("alerts");
  return (
    <SatelliteLink satelliteId={alarm.satellite_id} subsystem={alarm.subsystem} {...spanOf(alarm)}>
      {t("toSatellite")}
    </SatelliteLink>
  );
}
