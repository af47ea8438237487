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

/** Whether alarms of these groups alone need attention; none chosen: all that do are shown. */
export const needAttention = (groups: readonly StateGroup[]): boolean =>
  !groups.includes("suppressed") && !groups.includes("cleared");

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

const WAITING: readonly AlarmState[] = [...STATE_GROUPS.unacknowledged, ...STATE_GROUPS.returned];

/** How many alarms wait for an acknowledgement (null: none; `10,000+`: more than are counted), and the worst of them. */
export function waitingOf({ counts, is_truncated }: Schemas["Attention"]): {
  number: string | null;
  worst: Severity | null;
} {
  const waiting = counts.filter(({ state }) => WAITING.includes(state));
  const ranks = waiting.map(({ severity }) => SEVERITIES.indexOf(severity));
  const sum = waiting.reduce((before, { count }) => before + count, 0);
  const number = `${sum.toLocaleString("en")}${is_truncated ? "+" : ""}`;
  return { number: number === "0" ? null : number, worst: SEVERITIES[Math.max(-1, ...ranks)] ?? null };
}
