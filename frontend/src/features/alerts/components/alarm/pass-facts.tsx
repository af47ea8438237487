import { useTranslation } from "react-i18next";
import { z } from "zod";

import { UtcTime } from "@/components/utc-time";
import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import { Fact } from "@/features/alerts/components/alarm/fact";

const passSchema = z.object({
  pass_start: z.string(),
  pass_end: z.string(),
  ground_stations: z.array(z.string()),
});

/** The pass in which a satellite was silent, as it was planned when the alarm was raised. */
export function PassFacts({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useTranslation("alarms");
  const pass = alarm.events.map(({ details }) => passSchema.safeParse(details).data).find(Boolean);
  if (!pass) return null;
  return (
    <>
      <Fact
        name={t("facts.pass")}
        value={
          <>
            <UtcTime time={pass.pass_start} /> – <UtcTime time={pass.pass_end} />
          </>
        }
      />
      <Fact name={t("facts.stations")} value={pass.ground_stations.join(", ")} />
    </>
  );
}
