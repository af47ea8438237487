import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

import { isoOf } from "@/features/satellite/data/time-span";

/** How far back the console looks for a satellite that has been silent: as long as telemetry is kept. */
const LOOK_BACK_S = 365 * 86_400;

async function getNewestSample(
  satelliteId: string,
  now: number,
  signal: AbortSignal,
): Promise<number | null> {
  const query = {
    strategy: "latest",
    size: 1,
    start_time: isoOf(now - LOOK_BACK_S),
    end_time: isoOf(now),
  } as const;
  const answer = await unwrap(
    api.GET("/api/v1/telemetry/{satellite_id}", {
      params: { path: { satellite_id: satelliteId }, query },
      signal,
    }),
  );
  return answer.times.at(-1) ?? null;
}

export const newestSampleKey = (satelliteId: string) => ["telemetry-newest", satelliteId];

export const newestSampleOptions = (satelliteId: string, now: () => number) =>
  queryOptions({
    queryKey: newestSampleKey(satelliteId),
    queryFn: ({ signal }) => getNewestSample(satelliteId, now(), signal),
  });

/** Time of a satellite's newest sample (Unix seconds); null: it has none at all. */
export const useNewestSample = (satelliteId: string, now: () => number) =>
  useQuery(newestSampleOptions(satelliteId, now));
