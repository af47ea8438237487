import { NativeSelect, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";

import type { JobSubsystem } from "@/api/get-job";
import { useMission } from "@/api/get-mission";
import { Contributions } from "@/components/verdicts/contributions";
import { Facts } from "@/components/facts";
import { ForecastChart } from "@/components/charts/forecast-chart";
import { ForecastTable } from "@/components/charts/forecast-table";
import { Panel } from "@/components/page";
import { ScoreMeter } from "@/components/verdicts/score-meter";
import { UtcTime } from "@/components/utc-time";
import { SubsystemName, VerdictText } from "@/components/verdicts/verdict-text";
import { channelForecasts, contributionsOf, inputOf } from "@/lib/judgement";
import { formatMs } from "@/lib/numbers";

/** What was found of one subsystem, on what, and how it goes on. */
export function SubsystemPanel({ subsystem }: { subsystem: JobSubsystem }) {
  const { t } = useTranslation("jobs");
  const mission = useMission().data;
  const contributions = contributionsOf(subsystem);
  return (
    <Panel
      title={<SubsystemName name={subsystem.subsystem} />}
      controls={<VerdictText verdict={subsystem.verdict} status={subsystem.status} />}
    >
      <Stack gap="sm">
        {subsystem.error_message && <Text c="var(--color-text-error)">{subsystem.error_message}</Text>}
        {subsystem.verdict === "learning" && <Text>{t("job.learning")}</Text>}
        <ScoreMeter score={subsystem.anomaly_score} threshold={mission?.anomaly_threshold} />
        <SubsystemFacts subsystem={subsystem} />
        {contributions.length > 0 && <Contributions contributions={contributions} />}
        <Forecasts subsystem={subsystem} />
      </Stack>
    </Panel>
  );
}

function SubsystemFacts({ subsystem }: { subsystem: JobSubsystem }) {
  const { t } = useTranslation("jobs");
  const { without_window: without = {} } = inputOf(subsystem);
  const { generated_at: end, sample_count: samples } = subsystem;
  const unjudged = Object.entries(without).map(([channel, why]) => t(`job.noWindow.${why}`, { channel }));
  return (
    <Facts
      facts={[
        [t("job.model"), `${subsystem.model_name} ${subsystem.model_version ?? ""}`],
        [t("job.calibration"), subsystem.calibration_hash?.slice(0, 12) ?? "–"],
        [t("job.worker"), subsystem.processed_by ?? "–"],
        [t("job.stage.inference"), formatMs(subsystem.inference_time_ms)],
        ...(end && samples !== null
          ? ([
              [t("job.window"), t("job.samples", { count: samples })],
              [t("job.newest"), <UtcTime key="end" time={end} milliseconds />],
            ] as const)
          : []),
        ...(unjudged.length > 0 ? ([[t("job.withoutWindow"), unjudged.join(", ")]] as const) : []),
      ]}
    />
  );
}

function Forecasts({ subsystem }: { subsystem: JobSubsystem }) {
  const { t } = useTranslation("jobs");
  const forecasts = channelForecasts(subsystem);
  const [chosen, choose] = useState("");
  const shown = forecasts.find(({ channel }) => channel === chosen) ?? forecasts[0];
  if (!shown) return <Text className="dimmed">{t("job.noForecast")}</Text>;
  const label = t("job.forecastOf", { channel: shown.channel });
  return (
    <>
      {forecasts.length > 1 && (
        <NativeSelect
          size="xs"
          w={280}
          label={t("job.channel")}
          value={shown.channel}
          onChange={(event) => choose(event.currentTarget.value)}
          data={forecasts.map(({ channel }) => channel)}
        />
      )}
      <ForecastChart past={shown.past} steps={shown.steps} label={label} height={200} />
      <ForecastTable steps={shown.steps} caption={label} />
    </>
  );
}
