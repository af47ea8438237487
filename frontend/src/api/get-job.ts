import { queryOptions } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";

export type JobDetail = Schemas["JobDetail"];
export type JobSubsystem = Schemas["JobSubsystem"];

/** Everything known of one job. */
export const jobQuery = (jobId: string) =>
  queryOptions({
    queryKey: ["jobs", "one", jobId],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/jobs/{job_id}", { params: { path: { job_id: jobId } }, signal })),
  });

/** Whether a job may still change by itself. */
export const isRunning = (job: Pick<JobDetail, "status">): boolean =>
  job.status === "pending" || job.status === "processing";
