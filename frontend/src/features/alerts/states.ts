import type { Schemas } from "@/api/client";

export type Alert = Schemas["Alert"];
export type AlertState = Alert["state"];

/** States of ISA-18.2 in the order in which they ask for a person. */
export const ALERT_STATES: readonly AlertState[] = ["unacknowledged", "returned", "acknowledged", "cleared"];

/** Lengths of the time range that may be chosen, in hours. */
export const RANGES = { "1h": 1, "6h": 6, "24h": 24, "7d": 168 } as const;
export type Range = keyof typeof RANGES;
export const DEFAULT_RANGE: Range = "24h";

/** Whether nobody has taken note of an alert yet, be it open or not. */
export function awaitsPerson(state: AlertState): boolean {
  return state === "unacknowledged" || state === "returned";
}

const MOST_COUNTED = 1000;

/** Members of an alert; of a limit the server counts no further. */
export function formatCount({ kind, verdict_count }: Alert): string {
  return kind === "limit" && verdict_count >= MOST_COUNTED ? `${MOST_COUNTED}+` : String(verdict_count);
}
