import { queryOptions, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { api, unwrap } from "@/api/client";
import type { Limit, LimitValues, TriedLimit } from "@/features/limits/api/limits";
import { joined } from "@/features/limits/data/trial";

export type Trial =
  | { state: "idle" }
  | { state: "running"; read: number; of: number }
  | { state: "failed"; error: Error }
  | { state: "done"; values: LimitValues; days: number; result: TriedLimit | null };

const CHART_POINTS = 800;

/** Tries values of a limit on stored telemetry, satellite by satellite; `cancel`, or leaving, ends it. */
export function useTrial({ subsystem, reason }: Pick<Limit, "subsystem" | "reason">) {
  const [trial, setTrial] = useState<Trial>({ state: "idle" });
  const running = useRef<AbortController | null>(null);
  const stop = useCallback(() => running.current?.abort(), []);
  useEffect(() => stop, [stop]);

  const start = async (values: LimitValues, days: number) => {
    stop();
    const { signal } = (running.current = new AbortController());
    const tell = (next: Trial) => {
      if (!signal.aborted) setTrial(next);
    };
    try {
      tell({ state: "running", read: 0, of: 0 });
      const { satellites } = await unwrap(api.GET("/api/v1/trends/satellites", { signal }));
      const parts: TriedLimit[] = [];
      for (const [place, satellite] of satellites.entries()) {
        tell({ state: "running", read: place, of: satellites.length });
        const body = { subsystem, reason, values, days, satellites: [satellite] };
        parts.push(await unwrap(api.POST("/api/v1/limits/what-if", { body, signal })));
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

const curveOptions = (limit: Limit, satelliteId: string, { start_time, end_time }: TriedLimit) =>
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
export const useCurve = (limit: Limit, satelliteId: string, result: TriedLimit) =>
  useQuery(curveOptions(limit, satelliteId, result));
