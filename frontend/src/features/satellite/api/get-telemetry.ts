import { queryOptions, useQuery } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";

import type { Telemetry } from "@/features/satellite/data/plot/samples";
import { isoOf, pastOf, type Span, type Window } from "@/features/satellite/data/time-span";

/** Which telemetry: `subsystem` null = of all. */
export interface TelemetryChoice {
  satelliteId: string;
  subsystem: string | null;
  channels: readonly string[] | null;
}

/** Most rows that the server gives; a short window of the newest samples then comes unreduced. */
export const MOST_ROWS = 4000;

export function getTelemetry(
  { satelliteId, subsystem, channels }: TelemetryChoice,
  { start, end }: Window,
  size: number,
  signal: AbortSignal,
): Promise<Telemetry> {
  return unwrap(
    api.GET("/api/v1/telemetry/{satellite_id}", {
      params: {
        path: { satellite_id: satelliteId },
        query: {
          ...(subsystem ? { subsystem } : {}),
          ...(channels ? { channel: [...channels] } : {}),
          start_time: isoOf(start),
          end_time: isoOf(end),
          size,
        },
      },
      signal,
    }),
  );
}

export const telemetryOptions = (choice: TelemetryChoice, span: Span, size: number, now: () => number) =>
  queryOptions({
    queryKey: ["telemetry", choice.satelliteId, choice, span, size],
    queryFn: ({ signal }) => getTelemetry(choice, pastOf(span, now()), size, signal),
    structuralSharing: false,
    gcTime: 0,
  });

/** All telemetry of a span at `size` pixels; `isOn` false asks for nothing. */
export const useTelemetry = (
  choice: TelemetryChoice,
  span: Span,
  size: number,
  now: () => number,
  isOn: boolean,
) => useQuery({ ...telemetryOptions(choice, span, size, now), enabled: isOn && size > 0 });
