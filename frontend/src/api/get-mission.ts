import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

/** The mission stands as long as the server runs. */
export const missionQuery = queryOptions({
  queryKey: ["mission"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/v1/mission", { signal })),
  staleTime: Infinity,
});

export const useMission = () => useQuery(missionQuery);

export type Mission = NonNullable<ReturnType<typeof useMission>["data"]>;
