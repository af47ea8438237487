import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";

import { isoOf, pastOf, type Span } from "@/features/satellite/data/time-span";

const REFRESH_MS = 15_000;
/** Beyond the newest sample: the axis moves on, and the pass that it comes to is known already. */
const AHEAD_S = 7200;
/** In a longer span a pass is narrower than a pixel. */
const LONGEST_S = 14 * 86_400;
const MOST_PASSES = 1000;

function listPasses(
  satelliteId: string,
  span: Span,
  now: number,
  signal: AbortSignal,
): Promise<Schemas["Passes"]> {
  const { start, end } = pastOf(span, now);
  const query = {
    satellite_id: satelliteId,
    start_time: isoOf(start),
    end_time: isoOf(span.kind === "live" ? end + AHEAD_S : end),
    limit: MOST_PASSES,
  };
  return unwrap(api.GET("/api/v1/passes", { params: { query }, signal }));
}

export const passesOptions = (satelliteId: string, span: Span, now: () => number) =>
  queryOptions({
    queryKey: ["passes", satelliteId, span],
    queryFn: ({ signal }) => listPasses(satelliteId, span, now(), signal),
    refetchInterval: REFRESH_MS,
    gcTime: 0,
  });

/** Passes of a satellite's contact plan that overlap a span, and those soon to come. */
export const usePasses = (satelliteId: string, span: Span, now: () => number, isOn: boolean) => {
  const isDrawable = span.kind === "live" || span.end - span.start <= LONGEST_S;
  return useQuery({ ...passesOptions(satelliteId, span, now), enabled: isOn && isDrawable });
};
