import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import { waitingOf } from "@/features/alerts/states";
import { useRefreshOn } from "@/lib/live/live-context";

const KEY = ["waiting-alarms"];

/** How many alarms wait for an acknowledgement, whatever their age; null: none, or that is not known yet. */
export function useWaitingCount(): string | null {
  useRefreshOn("alarm", KEY, 1000);
  const { data } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/alarms", { params: { query: { needs_attention: true, limit: 1 } }, signal })),
  });
  return data ? waitingOf(data.attention).number : null;
}
