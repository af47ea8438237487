import { useTranslation } from "react-i18next";

import type { Schemas } from "@/api/client";
import type { Status } from "@/components/status/status-symbol";
import { StatusText } from "@/components/status/status-text";
import { useSubsystemName } from "@/components/subsystem-name";
import { statusOfVerdict } from "@/lib/judgement";

type JobStatus = Schemas["JobStatus"];

const OF_JOB: Record<JobStatus, Status> = {
  pending: "standby",
  processing: "standby",
  completed: "normal",
  failed: "caution",
};

/** How far a job is: what it found is another question. */
export function JobStatusText({ status }: { status: JobStatus }) {
  const { t } = useTranslation("shared");
  return <StatusText status={OF_JOB[status]} text={t(`judgement.job.${status}`)} />;
}

const KNOWN = ["anomalous", "nominal", "warming_up", "learning"] as const;

const isKnown = (verdict: string | null): verdict is (typeof KNOWN)[number] =>
  KNOWN.some((known) => known === verdict);

/** What was found, or how far the finding is. */
export function VerdictText({ verdict, status }: { verdict: string | null; status: JobStatus }) {
  const { t } = useTranslation("shared");
  const text = isKnown(verdict)
    ? t(`judgement.verdict.${verdict}`)
    : (verdict ?? t(`judgement.job.${status}`));
  return <StatusText status={statusOfVerdict(verdict, status)} text={text} />;
}

/** Name of a subsystem in the operator's language; one that the console does not know keeps its own. */
export function SubsystemName({ name }: { name: string }) {
  return <>{useSubsystemName()(name)}</>;
}
