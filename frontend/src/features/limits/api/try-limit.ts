import { queryOptions, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { api, unwrap } from "@/api/client";
import type { Limit, LimitValues, Tried } from "@/features/limits/api/limits";
import { joined } from "@/features/limits/data/trial";

export type Trial<V> =
  | { state: "idle" }
  | { state: "running"; read: number; of: number }
  | { state: "failed"; error: Error }
  | { state: "done"; values: V; days: number; result: Tried | null };

/** Asks the server what values would have raised over the last days of a satellite. */
export type Ask<V> = (values: V, days: number, satellite: string, signal: AbortSignal) => Promise<Tried>;

const CHART_POINTS = 800;

/** Tries values on what is stored, satellite by satellite; `cancel`, or leaving, ends it. */
export function useTrial<V>(ask: Ask<V>) {
  const [trial, setTrial] = useState<Trial<V>>({ state: "idle" });
  const running = useRef<AbortController | null>(null);
  const stop = useCallback(() => running.current?.abort(), []);
  useEffect(() => stop, [stop]);

  const start = async (values: V, days: number) => {
    stop();
    const { signal } = (running.current = new AbortController());
    const tell = (next: Trial<V>) => {
      if (!signal.aborted) setTrial(next);
    };
    try {
      tell({ state: "running", read: 0, of: 0 });
      const { satellites } = await unwrap(api.GET("/api/v1/trends/satellites", { signal }));
      const parts: Tried[] = [];
      for (const [place, satellite] of satellites.entries()) {
        tell({ state: "running", read: place, of: satellites.length });
        parts.push(await ask(values, days, satellite, signal));
      }
      tell({ state: "done", values, days, result: joined(parts) });
    } catch (error) {
      tell({ state: "failed", error: error instanceof Error ? error : new Error(String(error)) });
    }
  };
  const cancel = () => {
    stop();
    setTrial({ state: "idle" });
  };
  return { trial, start, cancel };
}

/** Asks of a limit, over stored telemetry. */
export const askLimit =
  ({ subsystem, reason }: Pick<Limit, "subsystem" | "reason">): Ask<LimitValues> =>
  (values, days, satellite, signal) =>
    unwrap(
      api.POST("/api/v1/limits/what-if", {
        body: { subsystem, reason, values, days, satellites: [satellite] },
        signal,
      }),
    );

/** A threshold of the score, of one subsystem. */
export type Threshold = { subsystem: string; threshold: number };

/** Asks of a threshold, over stored verdicts. */
export const askThreshold: Ask<Threshold> = (values, days, satellite, signal) =>
  unwrap(
    api.POST("/api/v1/what-if/threshold", { body: { ...values, days, satellites: [satellite] }, signal }),
  );

const curveOptions = (limit: Limit, satelliteId: string, { start_time, end_time }: Tried) =>
  queryOptions({
    queryKey: ["limits", "curve", limit.channel, satelliteId, start_time, end_time],
    queryFn: ({ signal }) =>
      unwrap(
        api.GET("/api/v1/telemetry/{satellite_id}", {
          params: {
            path: { satellite_id: satelliteId },
            query: {
              subsystem: limit.subsystem,
              channel: [limit.channel],
              start_time,
              end_time,
              size: CHART_POINTS,
            },
          },
          signal,
        }),
      ),
    staleTime: Infinity,
  });

/** What a satellite's channel measured while the limit was tried. */
export const useCurve = (limit: Limit, satelliteId: string, result: Tried) =>
  useQuery(curveOptions(limit, satelliteId, result));
