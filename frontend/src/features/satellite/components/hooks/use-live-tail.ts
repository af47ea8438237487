import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";

import { useLiveEvent } from "@/lib/live/live-context";

import { getForecasts } from "@/features/satellite/api/get-forecasts";
import { getTelemetry, MOST_ROWS, type TelemetryChoice } from "@/features/satellite/api/get-telemetry";
import { episodesKey } from "@/features/satellite/api/list-episodes";
import { liveVerdictOn } from "@/features/satellite/data/marks";
import type { ChartGroup } from "@/features/satellite/drawing/chart-group";

/** Everything is loaded anew this often, for samples that came later than the tail reaches. */
const RELOAD_MS = 300_000;
const MOST_NEW_FORECASTS = 200;

/**
 * Takes verdicts from the live line, and asks each second for what it does not carry: new telemetry, and forecasts
 * where a verdict came; one request after the other. Returns why the last one failed.
 */
export function useLiveTail(
  group: ChartGroup,
  choice: TelemetryChoice,
  subsystems: readonly string[],
  isOn: boolean,
): Error | null {
  const queryClient = useQueryClient();
  const [error, setError] = useState<Error | null>(null);
  const work = useRef({ isBusy: false, hasVerdict: false, reloadedMs: 0 });
  const abort = useAbort(isOn, choice);
  useLiveEvent("verdict", (data) => {
    const verdict = liveVerdictOn(choice.satelliteId, data);
    if (!isOn || !verdict) return;
    group.data.addVerdicts([verdict]);
    work.current.hasVerdict = true;
  });
  useLiveEvent("tick", (data) => {
    const now = Date.parse((data as { generated_at: string }).generated_at) / 1000;
    if (!isOn || Number.isNaN(now)) return;
    group.follow(now);
    const { current } = work;
    const signal = abort.current?.signal;
    if (current.isBusy || !signal || !group.data.isLoaded) return;
    current.isBusy = true;
    const hasVerdict = current.hasVerdict;
    current.hasVerdict = false;
    reloadNowAndThen(queryClient, choice.satelliteId, current);
    const queryKey = episodesKey(choice.satelliteId);
    if (hasVerdict) void queryClient.invalidateQueries({ queryKey }, { cancelRefetch: false });
    askForNews(group, choice, hasVerdict ? subsystems : [], now, signal)
      .then(() => setError(null))
      .catch((reason: unknown) => {
        current.hasVerdict ||= hasVerdict;
        if (!signal.aborted && reason instanceof Error) setError(reason);
      })
      .finally(() => (current.isBusy = false));
  });
  return isOn ? error : null;
}

/** What ends the requests of a choice that is no longer shown. */
function useAbort(isOn: boolean, choice: TelemetryChoice) {
  const abort = useRef<AbortController>(null);
  useEffect(() => {
    const controller = new AbortController();
    abort.current = controller;
    return () => controller.abort();
  }, [isOn, choice]);
  return abort;
}

function reloadNowAndThen(queryClient: QueryClient, satelliteId: string, work: { reloadedMs: number }): void {
  work.reloadedMs ||= Date.now();
  if (Date.now() - work.reloadedMs <= RELOAD_MS) return;
  work.reloadedMs = Date.now();
  for (const noun of ["telemetry", "forecasts", "verdicts"])
    void queryClient.invalidateQueries({ queryKey: [noun, satelliteId] });
}

async function askForNews(
  group: ChartGroup,
  choice: TelemetryChoice,
  judged: readonly string[],
  now: number,
  signal: AbortSignal,
): Promise<void> {
  const { data } = group;
  const start = Math.min(data.samplesSince(), now - 1);
  const since = (name: string) => ({ start: Math.min(data.forecastsSince(name, start), now - 1), end: now });
  const [telemetry, ...forecasts] = await Promise.all([
    getTelemetry(choice, { start, end: now }, MOST_ROWS, signal),
    ...judged.map((name) => getForecasts(choice.satelliteId, name, since(name), MOST_NEW_FORECASTS, signal)),
  ]);
  if (signal.aborted) return;
  data.merge(telemetry);
  for (const answer of forecasts) data.mergeForecasts(answer);
  group.redraw();
}
