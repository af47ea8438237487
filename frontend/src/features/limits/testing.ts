import type { Change, Limit } from "@/features/limits/api/limits";

/** The manual's limit of the battery, as the mission file has it. */
const VALUES = {
  below: 30,
  above: null,
  equals: null,
  inclusive: false,
  severity: "critical",
  dead_band: 0,
  min_violations: 1,
  min_duration_s: 0,
  hold_s: 60,
  min_clear: 1,
  latching: false,
} as const;

export const BATTERY: Limit = {
  subsystem: "eps",
  reason: "low_battery",
  channel: "battery_soc_percent",
  unit: "%",
  kind: "limit",
  rate: null,
  is_contextual: false,
  switched_off: null,
  in_force: VALUES,
  file: VALUES,
  version: 0,
  change: null,
};

const CHANGE = {
  version: 3,
  fields: { below: 25, severity: "severe" },
  operator: "Grace",
  comment: "eclipse season",
  at: "2026-11-01T12:00:00Z",
};

/** The same after a change. */
export const CHANGED: Limit = {
  ...BATTERY,
  in_force: { ...VALUES, below: 25, severity: "severe" },
  version: 3,
  change: CHANGE,
};

/** That change in the history. */
export const STEP: Change = {
  ...CHANGE,
  subsystem: "eps",
  reason: "low_battery",
  key_name: null,
  old: { below: 30, severity: "critical" },
  new: { below: 25, severity: "severe" },
};
