import type { Schemas } from "@/api/client";
import { SEVERITIES } from "@/lib/severities";

export type Alarm = Schemas["Alarm"];
export type AlarmState = Alarm["state"];
export type Severity = Alarm["severity"];

/** The states of ISA-18.2 as an operator chooses among them, in the order in which they ask for a person. */
export const STATE_GROUPS = {
  unacknowledged: ["unacknowledged", "latched_unacknowledged"],
  returned: ["returned_unacknowledged"],
  acknowledged: ["acknowledged", "latched_acknowledged"],
  suppressed: ["shelved", "suppressed_by_design", "out_of_service"],
  cleared: ["normal"],
} as const satisfies Record<string, readonly AlarmState[]>;
export type StateGroup = keyof typeof STATE_GROUPS;
export const GROUPS = Object.keys(STATE_GROUPS) as StateGroup[];

/** What is shown where no group is chosen: what stands or is unacknowledged, and is not suppressed. */
export const UNRESOLVED = ["unacknowledged", "returned", "acknowledged"] as const satisfies StateGroup[];

/** Whether all alarms of these groups are among those that are shown where none is chosen. */
export const areUnresolved = (groups: readonly StateGroup[]): boolean =>
  groups.every((group) => (UNRESOLVED as readonly StateGroup[]).includes(group));

/** A severity and all above it. */
export const fromSeverity = (least: Severity): Severity[] => SEVERITIES.slice(SEVERITIES.indexOf(least));

/** The console's status of a severity, as in Fleet. */
export const statusOf = (severity: Severity): "critical" | "serious" =>
  severity === "critical" || severity === "severe" ? "critical" : "serious";

export const KINDS = [
  "limit",
  "rate",
  "change",
  "stale",
  "clock",
  "anomaly",
  "forecast",
  "platform",
  "flood",
] as const satisfies readonly Alarm["kind"][];

/** Lengths of the time range that may be chosen, in hours. */
export const RANGES = { "1h": 1, "6h": 6, "24h": 24, "7d": 168, "30d": 719 } as const;
export type Range = keyof typeof RANGES;

/** How many alarms need attention (null: none; `10,000+`: more than are counted), and the worst of them. */
export function waitingOf({ count, counts, is_truncated }: Schemas["Attention"]): {
  number: string | null;
  worst: Severity | null;
} {
  const ranks = counts.map(({ severity }) => SEVERITIES.indexOf(severity));
  const number = `${count.toLocaleString("en")}${is_truncated ? "+" : ""}`;
  return { number: number === "0" ? null : number, worst: SEVERITIES[Math.max(-1, ...ranks)] ?? null };
}
