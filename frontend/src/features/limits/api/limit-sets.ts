import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";
import { missionQuery } from "@/api/get-mission";

export type LimitSet = Schemas["LimitSet"];
export type SatelliteSet = Schemas["SatelliteSet"];
export type LimitSets = Schemas["LimitSets"];

const REFRESH_MS = 2_000;
const QUERY_KEY = ["limit-sets", "list"];

/** All limit sets, and which satellite uses which. */
export const useLimitSets = () =>
  useQuery({
    queryKey: QUERY_KEY,
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/limit_sets", { signal })),
    refetchInterval: REFRESH_MS,
  });

/** Names of satellites with telemetry, to choose from. */
export const useKnownSatellites = () =>
  useQuery({
    queryKey: ["telemetry-satellites"],
    queryFn: async ({ signal }) =>
      (await unwrap(api.GET("/api/v1/trends/satellites", { signal }))).satellites,
    staleTime: 60_000,
  });

/** Lets a satellite use a set; whatever the server says, sets are read again, as someone may have been faster. */
export function useSwitchSet() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ satelliteId, body }: { satelliteId: string; body: Schemas["NewSet"] }) =>
      unwrap(
        api.PUT("/api/v1/limit_sets/{satellite_id}", {
          params: { path: { satellite_id: satelliteId } },
          body,
        }),
      ),
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: ["limit-sets"] });
      void queryClient.invalidateQueries({ queryKey: missionQuery.queryKey });
    },
  });
}
