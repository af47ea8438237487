import { useTranslation } from "react-i18next";

import { UtcTime } from "@/components/utc-time";
import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import { Fact } from "@/features/alerts/components/alarm/fact";
import { ForecastFacts } from "@/features/alerts/components/alarm/forecast-facts";
import { valueAgainstLimit } from "@/features/alerts/data/actions";
import { formatValue } from "@/features/alerts/data/evidence";

/** What broke which limit, who takes care of it, and why it calls nobody. */
export function AlarmFacts({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useTranslation("alarms");
  return (
    <>
      {alarm.channel && <Fact name={t("facts.channel")} value={alarm.channel} />}
      {alarm.kind === "forecast" ? (
        <ForecastFacts alarm={alarm} />
      ) : (
        alarm.value !== null && <Fact name={t("facts.value")} value={valueAgainstLimit(alarm)} />
      )}
      {alarm.worst_value !== null && <Fact name={t("facts.worst")} value={formatValue(alarm.worst_value)} />}
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
