import type { Schemas } from "@/api/client";
import { formatUtc, formatUtcClock } from "@/lib/time";

type Satellite = Schemas["SatelliteState"];
type Subsystem = Schemas["SubsystemState"];

/** The second line of a cell: why the subsystem is in its state. */
export type Note =
  | { key: "never" }
  | { key: "silent"; since: string }
  | { key: "anomaly" | "acknowledged"; score: number | null }
  | { key: "score"; score: number }
  | { key: "learning"; progress: Schemas["LearningProgress"] | null }
  | { key: "rare" | "tooRare"; rare: Schemas["RarelySampled"] }
  | { key: "limit" | "failed" | "warmingUp" | "unjudged" };

/** Says what matters most of a subsystem; silence comes before any older score. */
export function noteOf(subsystem: Subsystem): Note {
  const { state, last_contact, anomaly_score: score } = subsystem;
  if (subsystem.is_stale)
    return last_contact === null ? { key: "never" } : { key: "silent", since: last_contact };
  if (state === "critical") return { key: "limit" };
  if (state === "serious") return { key: "anomaly", score };
  if (state === "caution")
    return subsystem.open_alerts > 0 ? { key: "acknowledged", score } : { key: "failed" };
  if (score !== null) return { key: "score", score };
  if (subsystem.verdict === "learning") return { key: "learning", progress: subsystem.learning };
  const { rarely_sampled: rare } = subsystem;
  if (rare !== null) return { key: rare.enough_span_s === null ? "tooRare" : "rare", rare };
  return { key: subsystem.verdict === "warming_up" ? "warmingUp" : "unjudged" };
}

/** A moment as short as it can be read rightly: the clock alone only on the UTC day (`2026-11-25`) of the reader. */
export function formatSince(time: string, today: string): string {
  return formatUtc(time).startsWith(today) ? formatUtcClock(time) : formatUtc(time);
}

/** The subsystem that gives a satellite its state: the first in the order of the mission. */
export function worstSubsystem(satellite: Satellite): Subsystem | null {
  return satellite.subsystems.find(({ state }) => state === satellite.state) ?? null;
}

/** The satellites of these states (all when none is named) whose name holds the text, in the server's order. */
export function chosenSatellites(
  satellites: readonly Satellite[],
  states: readonly Satellite["state"][],
  part: string,
): Satellite[] {
  const wanted = part.trim().toLowerCase();
  return satellites.filter(
    ({ satellite_id, state }) =>
      (states.length === 0 || states.includes(state)) && satellite_id.toLowerCase().includes(wanted),
  );
}

/** Columns: the subsystems of the mission, then any other that satellites report. */
export function subsystemColumns(mission: readonly string[], satellites: readonly Satellite[]): string[] {
  const names = new Set(mission);
  for (const { subsystems } of satellites) for (const { subsystem } of subsystems) names.add(subsystem);
  return [...names];
}
