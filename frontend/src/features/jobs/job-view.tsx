import "@/features/jobs/jobs.css";
import "@/components/verdicts/judgement.css";

import { Alert, Anchor, Code, Text } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

import { isRunning, type JobDetail } from "@/api/get-job";
import { CopyButton } from "@/components/controls/copy-button";
import { Facts } from "@/components/facts";
import { Page, Panel } from "@/components/page";
import { QueryView } from "@/components/query-view";
import { SatelliteLink } from "@/components/satellite-link";
import { UtcTime } from "@/components/utc-time";
import { JobStatusText } from "@/components/verdicts/verdict-text";
import { SourceName } from "@/features/jobs/components/source-name";
import { StageTimeline } from "@/features/jobs/components/stage-timeline";
import { SubsystemPanel } from "@/features/jobs/components/subsystem-panel";
import { useFollowedJob } from "@/lib/live/follow-job";

const route = getRouteApi("/jobs/$jobId");

/** One job with all that is known of it; an unfinished one is followed. */
export function JobView() {
  const { t } = useTranslation("jobs");
  const { jobId } = route.useParams();
  const job = useFollowedJob(jobId);
  const back = (
    <Anchor renderRoot={(props) => <Link to="/jobs" {...props} />} size="sm">
      {t("job.back")}
    </Anchor>
  );
  return (
    <Page title={t("job.title", { id: jobId })} controls={back}>
      <QueryView query={job}>{(found) => <Detail job={found} />}</QueryView>
    </Page>
  );
}

function Detail({ job }: { job: JobDetail }) {
  const { t } = useTranslation("jobs");
  return (
    <>
      {isRunning(job) && <Text role="status">{t("job.running")}</Text>}
      {job.status === "failed" && (
        <Alert color="red" variant="outline" title={t("job.failed")}>
          <Text size="sm">{job.error_message}</Text>
          <Text size="sm">{t("job.failedHint")}</Text>
        </Alert>
      )}
      <Panel title={t("job.stages")} controls={<JobStatusText status={job.status} />}>
        <JobFacts job={job} />
        <StageTimeline stages={job.stages} />
      </Panel>
      <div className="job-subsystems">
        {job.subsystems.map((subsystem) => (
          <SubsystemPanel key={subsystem.subsystem} subsystem={subsystem} />
        ))}
      </div>
      <Panel title={t("job.raw")} controls={<CopyButton text={JSON.stringify(job)} label={t("job.copy")} />}>
        <details>
          <summary>{t("job.show")}</summary>
          <Code block tabIndex={0}>
            {JSON.stringify(job, null, 2)}
          </Code>
        </details>
      </Panel>
    </>
  );
}

function JobFacts({ job }: { job: JobDetail }) {
  const { t } = useTranslation("jobs");
  const judged = job.subsystems.find((subsystem) => subsystem.window_start);
  const [start, end] = [judged?.window_start, judged?.generated_at];
  return (
    <Facts
      facts={[
        [t("columns.satellite"), <SatelliteLink key="satellite" satelliteId={job.satellite_id} />],
        [t("columns.source"), <SourceName key="source" source={job.source} />],
        [t("columns.reason"), job.trigger_reasons.join(", ") || "–"],
        [t("columns.created"), <UtcTime key="created" time={job.created_at} milliseconds />],
        [t("columns.done"), `${job.completed_subsystems}/${job.total_subsystems}`],
        ...(start && end
          ? ([
              [
                t("job.window"),
                <SatelliteLink
                  key="window"
                  satelliteId={job.satellite_id}
                  subsystem={job.subsystems[0]?.subsystem}
                  from={start}
                  to={end}
                >
                  {t("job.satellite")}
                </SatelliteLink>,
              ],
            ] as const)
          : []),
      ]}
    />
  );
}
