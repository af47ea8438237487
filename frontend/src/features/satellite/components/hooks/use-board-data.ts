import { useEffect, useMemo, useState } from "react";

import { useForecasts } from "@/features/satellite/api/get-forecasts";
import type { Mission } from "@/api/get-mission";
import { useTelemetry, type TelemetryChoice } from "@/features/satellite/api/get-telemetry";
import { useEpisodes } from "@/features/satellite/api/list-episodes";
import { usePasses } from "@/features/satellite/api/list-passes";
import { useVerdicts } from "@/features/satellite/api/list-verdicts";
import { LiveData } from "@/features/satellite/data/live-data";
import { ruleReasons } from "@/features/satellite/data/marks";
import type { Span } from "@/features/satellite/data/time-span";
import { ChartGroup } from "@/features/satellite/drawing/chart-group";
import type { Choice } from "@/features/satellite/drawing/chart-spec";
import { useLiveTail } from "@/features/satellite/components/hooks/use-live-tail";

/** A forecast is some steps long: one for so many pixels is enough. */
const PIXELS_A_FORECAST = 4;

/** Brings what the charts draw: all of it when the span changes, then what is new. */
export function useBoardData(
  mission: Mission,
  satelliteId: string,
  choice: Choice,
  span: Span,
  width: number,
  isPaused: boolean,
  hasPasses: boolean,
) {
  const [group] = useState(() => new ChartGroup(new LiveData(ruleReasons(mission.subsystems))));
  const [now] = useState(() => () => group.now);
  const { subsystem, channels } = choice;
  const wanted: TelemetryChoice = useMemo(
    () => ({ satelliteId, subsystem, channels }),
    [satelliteId, subsystem, channels],
  );
  const subsystems = useMemo(() => choice.groups.map((group) => group.subsystem), [choice]);
  const size = Math.max(2, Math.ceil(width / PIXELS_A_FORECAST));
  const telemetry = useTelemetry(wanted, span, width, now, !isPaused);
  const forecasts = useForecasts(satelliteId, subsystems, span, size, now, !isPaused && width > 0);
  const verdicts = useVerdicts(satelliteId, subsystem, span, now, !isPaused);
  const episodes = useEpisodes(satelliteId, subsystem, span, now, !isPaused);
  const passes = usePasses(satelliteId, span, now, !isPaused);
  const tailError = useLiveTail(group, wanted, subsystems, span.kind === "live" && !isPaused);

  useEffect(() => {
    const lengthS = span.kind === "live" ? span.lengthS : span.end - span.start;
    group.show(span, { maxGapS: mission.window.max_gap_s, pixelS: lengthS / Math.max(1, width) });
    return () => group.stop();
  }, [group, span, width, mission]);
  const planned = passes.data?.passes;
  useEffect(() => {
    group.data.setPasses(hasPasses && planned ? planned : []);
    group.redraw();
  }, [group, planned, hasPasses]);
  useDrawing(group, telemetry.data, verdicts.data, episodes.data, forecasts);
  return { group, now, telemetry, forecasts, verdicts, episodes, passes, tailError };
}

/** Draws each answer when it comes. */
function useDrawing(
  group: ChartGroup,
  telemetry: ReturnType<typeof useTelemetry>["data"],
  verdicts: ReturnType<typeof useVerdicts>["data"],
  episodes: ReturnType<typeof useEpisodes>["data"],
  forecasts: ReturnType<typeof useForecasts>,
): void {
  const alerts = episodes?.alerts;
  useEffect(() => {
    if (telemetry) group.data.load(telemetry);
    group.redraw();
  }, [group, telemetry]);
  useEffect(() => {
    if (verdicts) group.data.addVerdicts(verdicts.verdicts);
    group.redraw();
  }, [group, verdicts]);
  useEffect(() => {
    if (alerts) group.data.setAlerts(alerts);
    group.redraw();
  }, [group, alerts]);
  useEffect(() => {
    for (const { data } of forecasts) if (data) group.data.loadForecasts(data);
    group.redraw();
  }, [group, forecasts]);
}
