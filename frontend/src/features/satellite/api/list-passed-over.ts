import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";

export type RefusedValue = Schemas["RefusedValue"];
/** As often as the trigger saves them. */
const RENEWED_AFTER_MS = 10_000;

async function listPassedOver(satelliteId: string, signal: AbortSignal): Promise<RefusedValue[]> {
  const params = { path: { satellite_id: satelliteId } };
  const { values } = await unwrap(api.GET("/api/v1/passed-over/{satellite_id}", { params, signal }));
  return values;
}

export const passedOverOptions = (satelliteId: string) =>
  queryOptions({
    queryKey: ["passed-over", satelliteId],
    queryFn: ({ signal }) => listPassedOver(satelliteId, signal),
    refetchInterval: RENEWED_AFTER_MS,
  });

/** Values of a satellite that were taken as missing samples, the newest first. */
export const usePassedOver = (satelliteId: string) => useQuery(passedOverOptions(satelliteId));
