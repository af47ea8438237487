import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

const REFRESH_MS = 15_000;

/** The mission stands as long as the server runs, but for its limits, which operators change. */
export const missionQuery = queryOptions({
  queryKey: ["mission"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/mission", { signal })),
  staleTime: Infinity,
  refetchInterval: REFRESH_MS,
});

export const useMission = () => useQuery(missionQuery);

export type Mission = NonNullable<ReturnType<typeof useMission>["data"]>;
