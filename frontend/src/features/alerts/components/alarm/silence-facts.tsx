import { useTranslation } from "react-i18next";
import { z } from "zod";

import { UtcTime } from "@/components/utc-time";
import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import { Fact } from "@/features/alerts/components/alarm/fact";
import { formatValue } from "@/lib/numbers";
import { formatDuration } from "@/lib/time";

const pauseSchema = z.object({ usual_pause_s: z.number() });
const passSchema = z.object({
  pass_start: z.string(),
  pass_end: z.string(),
  ground_stations: z.array(z.string()),
});

const formatPause = (seconds: number) =>
  seconds < 60 ? `${formatValue(seconds)} s` : formatDuration(seconds * 1000);

/** How long what fell silent usually pauses, and the pass in which a satellite was silent, as it was planned. */
export function SilenceFacts({ alarm }: { alarm: AlarmDetail }) {
  const { t } = useTranslation("alarms");
  const pause = alarm.events.map(({ details }) => pauseSchema.safeParse(details).data).find(Boolean);
  const pass = alarm.events.map(({ details }) => passSchema.safeParse(details).data).find(Boolean);
  return (
    <>
      {pause && <Fact name={t("facts.usualPause")} value={formatPause(pause.usual_pause_s)} />}
      {pass && (
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
      )}
    </>
  );
}
