import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import type { JobSearch } from "@/features/jobs/search";
import { useRefreshOn } from "@/lib/live/live-context";

export type JobItem = Schemas["JobItem"];

const PAGE_SIZE = 50;

const jobsQuery = (search: JobSearch) =>
  queryOptions({
    queryKey: ["jobs", "list", search],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/jobs", {
          params: {
            query: {
              limit: PAGE_SIZE,
              satellite_id: search.satellite,
              subsystem: search.subsystem,
              status: search.status,
              source: search.source,
              model_name: search.model,
              trigger_reason: search.reason,
              start_time: search.from,
              end_time: search.to,
              cursor: search.cursor,
            },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

const STANDING = ["jobs", "older"];

/** A page of jobs; the newest one follows verdicts, older ones stand still. */
export function useJobs(search: JobSearch) {
  const options = jobsQuery(search);
  useRefreshOn("verdict", search.cursor === undefined ? options.queryKey : STANDING);
  return useQuery(options);
}
