import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import { useRefreshOn } from "@/lib/live/live-context";

export const fleetQuery = queryOptions({
  queryKey: ["fleet"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/fleet", { signal })),
});

/** The state of every satellite, as new as the newest verdict, acknowledgement or sample. */
export function useFleet() {
  useRefreshOn("verdict", fleetQuery.queryKey, 1000);
  useRefreshOn("acknowledgement", fleetQuery.queryKey, 0);
  useRefreshOn("tick", fleetQuery.queryKey, 2000);
  return useQuery(fleetQuery);
}
