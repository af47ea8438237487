import { useTranslation } from "react-i18next";

import { UtcTime } from "@/components/utc-time";
import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import { Fact } from "@/features/alerts/components/alarm/fact";
import { forecastOf } from "@/features/alerts/data/forecast";
import { formatValue } from "@/features/alerts/data/evidence";
import { formatDuration } from "@/lib/time";

/** Which limit was foretold to break when, and what came of it. */
export function ForecastFacts({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useTranslation("alarms");
  const { told, brokenAt, lateMs } = forecastOf(alarm);
  const distance = lateMs === null ? "" : formatDuration(Math.abs(lateMs));
  return (
    <>
      {alarm.returned_at === null && alarm.value !== null && (
        <Fact name={t("forecast.left")} value={formatDuration(alarm.value * 1000)} />
      )}
      {told && (
        <>
          <Fact name={t("forecast.limit")} value={formatValue(told.limit)} />
          <Fact name={t("forecast.expected")} value={<UtcTime time={told.expected_at} />} />
          <Fact name={t("forecast.earliest")} value={<UtcTime time={told.earliest_at} />} />
          <Fact name={t("forecast.latest")} value={<UtcTime time={told.latest_at} />} />
        </>
      )}
      {brokenAt !== undefined && (
        <Fact
          name={t("forecast.outcome")}
          value={
            brokenAt === null ? (
              t("forecast.didNot")
            ) : (
              <>
                <UtcTime time={brokenAt} />
                {lateMs !== null && ` (${t(lateMs < 0 ? "forecast.early" : "forecast.late", { distance })})`}
              </>
            )
          }
        />
      )}
    </>
  );
}
