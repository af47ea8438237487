import type { AlarmDetail } from "@/features/alerts/api/get-alarm";

/** What was foretold when the alarm was raised; times in ISO 8601. */
export interface Told {
  limit: number;
  expected_at: string;
  earliest_at: string;
  latest_at: string;
}

export interface Outcome {
  told: Told | null;
  /** When the limit broke; null: it did not; undefined: nobody knows yet. */
  brokenAt: string | null | undefined;
  /** How much later than foretold, in milliseconds; negative: earlier. */
  lateMs: number | null;
}

const NAMES = ["expected_at", "earliest_at", "latest_at"] as const;

const isTold = (details: object): details is Told =>
  "limit" in details &&
  typeof details.limit === "number" &&
  NAMES.every((name) => typeof (details as Record<string, unknown>)[name] === "string");

/** What the history of a forecast alarm says: what was foretold first, and the truth. */
export function forecastOf({ events }: Pick<AlarmDetail, "events">): Outcome {
  // Newest first.
  const told = events.flatMap(({ details }) => (details && isTold(details) ? [details] : [])).at(-1) ?? null;
  const returned = events.find(({ change }) => change === "returned" || change === "raised_again");
  const broken = returned?.details?.["broken_at"];
  const brokenAt = typeof broken === "string" || broken === null ? broken : undefined;
  const lateMs = told && brokenAt ? Date.parse(brokenAt) - Date.parse(told.expected_at) : null;
  return { told, brokenAt, lateMs };
}
