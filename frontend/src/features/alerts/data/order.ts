import type { Sort } from "@/components/data-table";
import { ALERT_STATES, type Alert } from "@/features/alerts/states";

const KEYS: Record<string, (alert: Alert) => string | number | null> = {
  state: ({ state }) => ALERT_STATES.indexOf(state),
  severity: ({ severity }) => (severity === "critical" ? 0 : 1),
  satellite: ({ satellite_id }) => satellite_id,
  subsystem: ({ subsystem }) => subsystem,
  kind: ({ kind, reason }) => `${kind} ${reason ?? ""}`,
  started: ({ started_at }) => Date.parse(started_at),
  last: ({ last_at }) => Date.parse(last_at),
  count: ({ verdict_count }) => verdict_count,
  peak: ({ peak_score }) => peak_score,
  operator: ({ acknowledgement }) => acknowledgement?.operator ?? null,
};

/** Reads an order from the address (`peak`, `-peak`); null for none, or for a column that does not exist. */
export function parseSort(text: string | undefined): Sort | null {
  const desc = text?.startsWith("-") ?? false;
  const id = desc ? text?.slice(1) : text;
  return id !== undefined && Object.hasOwn(KEYS, id) ? { id, desc } : null;
}

/** Writes an order for the address. */
export function formatSort(sort: Sort | null): string | undefined {
  return sort ? `${sort.desc ? "-" : ""}${sort.id}` : undefined;
}

/** Alerts in an order; without one, those that wait for a person first, then the most severe, then the newest. */
export function sortAlerts(alerts: readonly Alert[], sort: Sort | null): Alert[] {
  const key = sort ? KEYS[sort.id] : undefined;
  const turn = sort?.desc ? -1 : 1;
  return [...alerts].sort((a, b) => (key ? compare(key(a), key(b), turn) : 0) || byUrgency(a, b));
}

function byUrgency(a: Alert, b: Alert): number {
  return (
    ALERT_STATES.indexOf(a.state) - ALERT_STATES.indexOf(b.state) ||
    a.severity.localeCompare(b.severity) ||
    Date.parse(b.started_at) - Date.parse(a.started_at)
  );
}

/** What is missing stands last in either direction. */
function compare(a: string | number | null, b: string | number | null, turn: number): number {
  if (a === b) return 0;
  if (a === null) return 1;
  if (b === null) return -1;
  return (a < b ? -1 : 1) * turn;
}
