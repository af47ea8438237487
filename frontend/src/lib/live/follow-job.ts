import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";

import { isRunning, jobQuery } from "@/api/get-job";
import { useLiveEvent, useRefreshOn } from "@/lib/live/live-context";

const ANYWAY_MS = 2_000;
const NOTHING = ["jobs", "finished"];

/**
 * One job, followed until it ends: each verdict on it shows at once, and the server's ticks ask again for what no
 * verdict tells, such as its start.
 */
export function useFollowedJob(jobId: string) {
  const client = useQueryClient();
  const query = useQuery(jobQuery(jobId));
  const { queryKey } = jobQuery(jobId);
  const isFollowed = query.data !== undefined && isRunning(query.data);
  useLiveEvent("verdict", (event) => {
    if (jobOf(event) === jobId) void client.invalidateQueries({ queryKey });
  });
  useRefreshOn("tick", isFollowed ? queryKey : NOTHING, ANYWAY_MS);
  useEffect(() => {
    if (query.data && !isRunning(query.data)) void client.invalidateQueries({ queryKey: ["jobs", "list"] });
  }, [client, query.data]);
  return query;
}

function jobOf(event: unknown): unknown {
  return typeof event === "object" && event !== null && "job_id" in event ? event.job_id : undefined;
}
