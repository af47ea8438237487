import { queryOptions, useQueries } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

import type { Forecasts } from "@/features/satellite/data/plot/forecast-set";
import { isoOf, pastOf, type Span, type Window } from "@/features/satellite/data/time-span";

export function getForecasts(
  satelliteId: string,
  subsystem: string,
  { start, end }: Window,
  size: number,
  signal: AbortSignal,
): Promise<Forecasts> {
  return unwrap(
    api.GET("/api/v1/forecasts/{satellite_id}", {
      params: {
        path: { satellite_id: satelliteId },
        query: { subsystem, start_time: isoOf(start), end_time: isoOf(end), size },
      },
      signal,
    }),
  );
}

export const forecastsOptions = (
  satelliteId: string,
  subsystem: string,
  span: Span,
  size: number,
  now: () => number,
) =>
  queryOptions({
    queryKey: ["forecasts", satelliteId, subsystem, span, size],
    queryFn: ({ signal }) => getForecasts(satelliteId, subsystem, pastOf(span, now()), size, signal),
    structuralSharing: false,
    gcTime: 0,
  });

/** Forecasts of several subsystems in a span. */
export const useForecasts = (
  satelliteId: string,
  subsystems: readonly string[],
  span: Span,
  size: number,
  now: () => number,
  isOn: boolean,
) =>
  useQueries({
    queries: subsystems.map((subsystem) => ({
      ...forecastsOptions(satelliteId, subsystem, span, size, now),
      enabled: isOn && size > 0,
    })),
  });
