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

/** The mission with the rules of the limit set that a satellite uses. */
export const useMissionOf = (satelliteId: string) =>
  useQuery({
    queryKey: [...missionQuery.queryKey, satelliteId],
    queryFn: ({ signal }) =>
      unwrap(api.GET("/api/v1/mission", { params: { query: { satellite_id: satelliteId } }, signal })),
    refetchInterval: REFRESH_MS,
  });

export type Mission = NonNullable<ReturnType<typeof useMission>["data"]>;
