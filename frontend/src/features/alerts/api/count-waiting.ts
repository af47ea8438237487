import { useQuery } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { useRefreshOn } from "@/lib/live/live-context";

const KEY = ["waiting-alarms"];
const WAITING: readonly Schemas["AttentionCount"]["state"][] = [
  "unacknowledged",
  "returned_unacknowledged",
  "latched_unacknowledged",
];

/** How many alarms wait for an acknowledgement, whatever their age; 0 while that is not known. */
export function useWaitingCount(): number {
  useRefreshOn("acknowledgement", KEY, 0);
  useRefreshOn("tick", KEY, 5000);
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/alarms", { params: { query: { needs_attention: true, limit: 1 } }, signal })),
  });
  const waiting = data?.attention.counts.filter(({ state }) => WAITING.includes(state)) ?? [];
  return waiting.reduce((sum, { count }) => sum + count, 0);
}
