import { useTranslation } from "react-i18next";

import { useMission } from "@/api/get-mission";
import { UtcTime } from "@/components/utc-time";
import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import { Fact } from "@/features/alerts/components/alarm/fact";
import { ForecastFacts } from "@/features/alerts/components/alarm/forecast-facts";
import { LimitChanges } from "@/features/alerts/components/alarm/limit-changes";
import { SilenceFacts } from "@/features/alerts/components/alarm/silence-facts";
import { valueAgainstLimit } from "@/features/alerts/data/actions";
import { formatValue } from "@/features/alerts/data/evidence";

/** Returns the unit of a rate, as in ` degC/min`; nothing of what is no rate. */
function useRateUnit({ kind, subsystem, reason, channel }: AlarmDetail): string {
  const mission = useMission().data;
  const owner = mission?.subsystems.find(({ name }) => name === subsystem);
  const rate = owner?.rules.find((rule) => rule.reason === reason)?.rate;
  const unit = owner?.channels.find(({ name }) => name === channel)?.unit;
  return kind === "rate" && rate && unit ? ` ${unit}/${rate.per === "minute" ? "min" : "s"}` : "";
}

/** What broke which limit, who takes care of it, and why it calls nobody. */
export function AlarmFacts({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useTranslation("alarms");
  const unit = useRateUnit(alarm);
  const name = alarm.kind === "rate" || alarm.kind === "change" ? alarm.kind : "value";
  return (
    <>
      {alarm.channel && <Fact name={t("facts.channel")} value={alarm.channel} />}
      {alarm.kind === "forecast" ? (
        <ForecastFacts alarm={alarm} />
      ) : (
        alarm.value !== null && <Fact name={t(`facts.${name}`)} value={valueAgainstLimit(alarm) + unit} />
      )}
      <SilenceFacts alarm={alarm} />
      {alarm.worst_value !== null && alarm.kind !== "change" && (
        <Fact name={t("facts.worst")} value={formatValue(alarm.worst_value) + unit} />
      )}
      <LimitChanges alarm={alarm} />
      {alarm.chattering_since && (
        <Fact
          name={t("facts.chattering")}
          value={
            <>
              {t("facts.since", { count: alarm.activations })} <UtcTime time={alarm.chattering_since} />
            </>
          }
        />
      )}
      {alarm.assigned_to && <Fact name={t("facts.assigned")} value={alarm.assigned_to} />}
      {alarm.suppressions.map(({ kind, until, operator }) => (
        <Fact
          key={kind}
          name={t(`suppression.${kind}`)}
          value={
            <>
              {operator},{" "}
              {until ? (
                <>
                  {t("facts.until")} <UtcTime time={until} />
                </>
              ) : (
                t("endless")
              )}
            </>
          }
        />
      ))}
    </>
  );
}
