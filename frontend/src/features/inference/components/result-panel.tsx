import { Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";

import { isRunning, type JobDetail } from "@/api/get-job";
import { useMission } from "@/api/get-mission";
import { Contributions } from "@/components/verdicts/contributions";
import { ForecastChart } from "@/components/charts/forecast-chart";
import { ForecastTable } from "@/components/charts/forecast-table";
import { JobLink } from "@/components/job-link";
import { Panel } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { ScoreMeter } from "@/components/verdicts/score-meter";
import { JobStatusText, VerdictText } from "@/components/verdicts/verdict-text";
import { useFollowedJob } from "@/lib/live/follow-job";
import { channelForecasts, contributionsOf } from "@/lib/judgement";

/** The submitted job, followed until its forecast is there. */
export function ResultPanel({ jobId }: { jobId: string }) {
  const { t } = useTranslation("inference");
  const job = useFollowedJob(jobId);
  return (
    <Panel title={t("result.title")} controls={<JobLink jobId={jobId}>{t("result.open")}</JobLink>}>
      <QueryView query={job}>{(found) => <Outcome job={found} />}</QueryView>
    </Panel>
  );
}

function Outcome({ job }: { job: JobDetail }) {
  const { t } = useTranslation("inference");
  const mission = useMission().data;
  const [subsystem] = job.subsystems;
  if (isRunning(job) || !subsystem)
    return (
      <Text role="status">
        <JobStatusText status={job.status} /> {t("result.waiting")}
      </Text>
    );
  if (job.status === "failed")
    return <Text role="alert">{t("result.failed", { reason: job.error_message ?? "–" })}</Text>;
  const contributions = contributionsOf(subsystem);
  return (
    <Stack gap="sm">
      <VerdictText verdict={subsystem.verdict} status={subsystem.status} />
      <ScoreMeter score={subsystem.anomaly_score} threshold={mission?.anomaly_threshold} />
      {channelForecasts(subsystem).map(({ channel, past, steps }) => (
        <Stack key={channel} gap="sm">
          <ForecastChart past={past} steps={steps} label={t("result.forecast")} />
          <ForecastTable steps={steps} caption={t("result.table")} />
        </Stack>
      ))}
      {contributions.length > 0 && <Contributions contributions={contributions} />}
    </Stack>
  );
}
