import type { AlarmDetail } from "@/features/alerts/api/get-alarm";
import type { AlertDetail } from "@/features/alerts/api/get-alert";
import type { Schemas } from "@/api/client";

/** An open anomaly with its verdict and the channel that made it, as verdicts explain it. */
export function anAlertDetail(changes: Partial<AlertDetail> = {}): AlertDetail {
  return {
    alert_id: "eps.low_battery.1764075600000.SAT-003",
    satellite_id: "SAT-003",
    subsystem: "eps",
    kind: "anomaly",
    reason: null,
    severity: "serious",
    state: "unacknowledged",
    suppression: null,
    is_open: true,
    started_at: "2026-11-25T13:00:00Z",
    last_at: "2026-11-25T13:05:00Z",
    clock_behind_s: null,
    verdict_count: 1,
    peak_score: 0.91,
    peak_job_id: "job-1",
    newest_job_id: "job-1",
    channels: ["battery_voltage"],
    acknowledgement: null,
    why: {
      job_id: "job-1",
      generated_at: "2026-11-25T13:04:00Z",
      model_name: "lstm_timeseries",
      model_version: "1",
      calibration_hash: "9f2c1a77be01d4e5aa",
      channels: [aChannel()],
    },
    verdicts: [aVerdict()],
    history: [],
    anomalies_behind_s: 0,
    ...changes,
  };
}

/** A channel whose value lies below what was expected of it. */
export function aChannel() {
  return {
    channel: "battery_voltage",
    unit: "V",
    share: 0.8,
    families: { residual: 0.6, statistics: 0.2 },
    actual: 3.1,
    expected: 3.9,
    lower_90: 3.7,
    upper_90: 4.1,
    expected_from: "2026-11-25T13:00:00Z",
    nominal: [3.3, 4.2],
  };
}

/** A member of an alert. */
export function aVerdict(
  changes: Partial<AlertDetail["verdicts"][number]> = {},
): AlertDetail["verdicts"][number] {
  return {
    job_id: "job-1",
    subsystem: "eps",
    generated_at: "2026-11-25T13:04:00Z",
    window_start: "2026-11-25T13:02:00Z",
    verdict: "anomalous",
    status: "completed",
    anomaly_score: 0.91,
    anomaly_detected: true,
    trigger_reason: "periodic_check",
    trigger_reasons: ["periodic_check"],
    model_name: "lstm_timeseries",
    model_version: "1",
    ...changes,
  };
}

const ALONE = { events: [], suppressions: [], earlier: [], group: [] };

/** What the alarm server keeps of a broken limit that nobody has acknowledged. */
export function anAlarm(changes: Partial<AlarmDetail> = {}): AlarmDetail {
  return {
    alarm_id: "eps.low_battery.1764075600000.SAT-003",
    severity: "critical",
    state: "unacknowledged",
    started_at: "2026-11-25T13:00:00Z",
    returned_at: null,
    worst_value: 11.25,
    acknowledged_at: null,
    acknowledged_by: null,
    satellite_id: "SAT-003",
    subsystem: "eps",
    kind: "limit",
    reason: "low_battery",
    channel: "battery_soc_percent",
    needs_attention: true,
    is_latching: false,
    is_withdrawn: false,
    raised_at: "2026-11-25T13:00:00Z",
    last_at: "2026-11-25T13:05:00Z",
    noticed_at: "2026-11-25T13:00:01Z",
    changed_at: "2026-11-25T13:05:01Z",
    violations: 3,
    activations: 1,
    chattering_since: null,
    limit: "below 20",
    value: 12.5,
    peak_score: null,
    peak_job_id: null,
    newest_job_id: null,
    reset_at: null,
    assigned_to: null,
    feedback: null,
    group_id: null,
    group_size: 0,
    ...ALONE,
    ...changes,
  };
}

/** A page of alarms; what waits is counted from it. */
export function aPage(
  alarms: Schemas["Alarm"][],
  changes: Partial<Schemas["Alarms"]> = {},
): Schemas["Alarms"] {
  const open = alarms.filter(({ needs_attention }) => needs_attention);
  return {
    alarms,
    next_cursor: null,
    attention: {
      count: open.length,
      is_truncated: false,
      counts: open.map(({ state, severity }) => ({ state, severity, count: 1 })),
    },
    anomalies_behind_s: 0,
    ...changes,
  };
}
