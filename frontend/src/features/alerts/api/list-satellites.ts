import { useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

/** Names of the satellites, to choose one. */
export function useSatelliteNames(): string[] {
  const { data } = useQuery({
    queryKey: ["satellites"],
    queryFn: async ({ signal }) => {
      const fleet = await unwrap(api.GET("/api/v1/fleet", { signal }));
      return fleet.satellites.map(({ satellite_id }) => satellite_id).sort();
    },
    staleTime: 60_000,
  });
  return data ?? [];
}
