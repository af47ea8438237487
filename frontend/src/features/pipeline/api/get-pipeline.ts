import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { useRefreshOn } from "@/lib/live/live-context";

export type Pipeline = Schemas["Pipeline"];

/** The server asks its tools once in this time, however many clients there are. */
const REFRESH_MS = 2_000;

export const pipelineQuery = queryOptions({
  queryKey: ["pipeline"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/pipeline", { signal })),
});

/** State and numbers of every part, renewed while the line lives. */
export function usePipeline() {
  useRefreshOn("tick", pipelineQuery.queryKey, REFRESH_MS);
  return useQuery(pipelineQuery);
}
