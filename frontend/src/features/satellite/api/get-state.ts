import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

const RENEWED_AFTER_MS = 10_000;

export const stateOptions = (satelliteId: string) =>
  queryOptions({
    queryKey: ["fleet", satelliteId],
    queryFn: ({ signal }) => {
      const params = { path: { satellite_id: satelliteId } };
      return unwrap(api.GET("/api/v1/fleet/{satellite_id}", { params, signal }));
    },
    refetchInterval: RENEWED_AFTER_MS,
  });

/** State of a satellite and its subsystems. */
export const useSatelliteState = (satelliteId: string) => useQuery(stateOptions(satelliteId));
