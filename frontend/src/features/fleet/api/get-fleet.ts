import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import { useRefreshOn } from "@/lib/live/live-context";

const KEY = ["fleet"];

const fleetQuery = (retired: boolean) =>
  queryOptions({
    queryKey: [...KEY, { retired }],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/fleet", { params: { query: { retired } }, signal })),
    placeholderData: keepPreviousData,
  });

/**
 * The state of every satellite, as new as the newest verdict, acknowledgement or sample; of the retired ones, or of all
 * others.
 */
export function useFleet(retired: boolean) {
  useRefreshOn("verdict", KEY, 1000);
  useRefreshOn("acknowledgement", KEY, 0);
  useRefreshOn("tick", KEY, 2000);
  return useQuery(fleetQuery(retired));
}
