import type { Schemas } from "@/api/client";
import type { Entry, Performance, Report } from "@/features/shift/api/shift";

const nothing = { alarms: [], is_truncated: false };

/** A report of a quiet shift, as the API answers. */
export function aReport(changes: Partial<Report> = {}): Report {
  return {
    start_time: "2026-11-25T06:00:00Z",
    end_time: "2026-11-25T14:00:00Z",
    generated_at: "2026-11-25T14:00:01Z",
    entries: [],
    has_more_entries: false,
    contacts: [],
    has_more_contacts: false,
    passes: { passes: [], is_truncated: false },
    next_passes: { passes: [], is_truncated: false },
    changes: [],
    has_more_changes: false,
    raised_by_severity: [],
    indicators: [],
    raised: nothing,
    platform: nothing,
    attention: { count: 0, is_truncated: false, counts: [] },
    standing: nothing,
    returned: nothing,
    shelved: [],
    out_of_service: [],
    has_more_suppressions: false,
    silent: [],
    not_judged: [],
    ...changes,
  };
}

/** An entry of the shift log. */
export function anEntry(changes: Partial<Entry> = {}): Entry {
  return {
    id: 7,
    at: "2026-11-25T13:00:00Z",
    operator: "Park",
    text: "pass 14:10 lost",
    satellite_id: null,
    alarm_id: null,
    corrects: null,
    corrected_by: null,
    ...changes,
  };
}

/** An indicator that is met. */
export function anIndicator(changes: Partial<Schemas["Indicator"]> = {}): Schemas["Indicator"] {
  return { name: "peak_per_interval", value: 3, target: 10, is_met: true, ...changes };
}

/** The performance of a quiet hour. */
export function aPerformance(changes: Partial<Performance> = {}): Performance {
  return {
    start_time: "2026-11-25T13:00:00Z",
    end_time: "2026-11-25T14:00:00Z",
    operators: 1,
    count: 3,
    indicators: [anIndicator()],
    interval_s: 600,
    per_interval: [3, 0, 0, 0, 0, 0],
    by_severity: [],
    most_frequent: [],
    feedback: { by_rule: [], by_day: [], by_channel: [], by_model: [] },
    ...changes,
  };
}
