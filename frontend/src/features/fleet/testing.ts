import type { Schemas } from "@/api/client";

/** A subsystem that is well, with what a test changes. */
export function aSubsystem(changes: Partial<Schemas["SubsystemState"]>): Schemas["SubsystemState"] {
  return {
    subsystem: "eps",
    state: "normal",
    is_stale: false,
    last_contact: "2026-11-25T13:00:00Z",
    verdict: "nominal",
    anomaly_score: 0.12,
    judged_at: "2026-11-25T13:00:00Z",
    learning: null,
    rarely_sampled: null,
    open_alerts: 0,
    unacknowledged_alerts: 0,
    ...changes,
  };
}

/** A satellite that is well, with what a test changes. */
export function aSatellite(changes: Partial<Schemas["SatelliteState"]>): Schemas["SatelliteState"] {
  return {
    satellite_id: "SAT-001",
    state: "normal",
    is_stale: false,
    clock_behind_s: null,
    last_contact: "2026-11-25T13:00:00Z",
    contact_plan: null,
    retired: null,
    open_alerts: 0,
    unacknowledged_alerts: 0,
    returned_alerts: 0,
    subsystems: [aSubsystem({})],
    ...changes,
  };
}

/** A fleet of these satellites. */
export function aFleet(satellites: Schemas["SatelliteState"][]): Schemas["Fleet"] {
  const counts = { critical: 0, serious: 0, caution: 0, normal: 0, standby: 0, off: 0 };
  for (const { state } of satellites) counts[state] += 1;
  return {
    generated_at: "2026-11-25T13:00:02Z",
    counts,
    retired_count: 0,
    anomalies_behind_s: 0,
    satellites,
  };
}
