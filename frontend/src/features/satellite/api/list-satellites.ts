import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

async function listSatellites(signal: AbortSignal): Promise<string[]> {
  const { satellites } = await unwrap(api.GET("/api/v1/trends/satellites", { signal }));
  return satellites;
}

export const satellitesOptions = () =>
  queryOptions({
    queryKey: ["telemetry-satellites"],
    queryFn: ({ signal }) => listSatellites(signal),
    staleTime: 60_000,
  });

/** Every satellite with telemetry, by name. */
export const useSatellites = () => useQuery(satellitesOptions());
