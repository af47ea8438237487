import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap, type Schemas } from "@/api/client";

import { isoOf, pastOf, type Span, type Window } from "@/features/satellite/data/time-span";

export type Verdicts = Schemas["Verdicts"];
const MOST_VERDICTS = 5000;

function listVerdicts(
  satelliteId: string,
  subsystem: string | null,
  { start, end }: Window,
  signal: AbortSignal,
): Promise<Verdicts> {
  const query = {
    satellite_id: satelliteId,
    ...(subsystem ? { subsystem } : {}),
    start_time: isoOf(start),
    end_time: isoOf(end),
    limit: MOST_VERDICTS,
  };
  return unwrap(api.GET("/api/v1/verdicts", { params: { query }, signal }));
}

export const verdictsOptions = (
  satelliteId: string,
  subsystem: string | null,
  span: Span,
  now: () => number,
) =>
  queryOptions({
    queryKey: ["verdicts", satelliteId, subsystem, span],
    queryFn: ({ signal }) => listVerdicts(satelliteId, subsystem, pastOf(span, now()), signal),
    structuralSharing: false,
    gcTime: 0,
  });

/** Newest verdicts on a satellite in a span. */
export const useVerdicts = (
  satelliteId: string,
  subsystem: string | null,
  span: Span,
  now: () => number,
  isOn: boolean,
) => useQuery({ ...verdictsOptions(satelliteId, subsystem, span, now), enabled: isOn });
