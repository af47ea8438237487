import type { Schemas } from "@/api/client";

import type { MissionRule } from "@/features/satellite/data/judgement";

type Alert = Schemas["Alert"];

/** An alert as a stretch of the time axis; an open one goes on as long as telemetry does. */
export interface Stretch {
  kind: "anomaly" | "limit";
  start: number;
  end: number;
}

/**
 * Alerts to be drawn on a channel's chart: anomalies are of the whole subsystem, a limit is of the channel whose rule
 * it broke (of all where no rule of the subsystem has its reason).
 */
export function stretchesOf(
  alerts: readonly Alert[],
  subsystem: string,
  channel: string,
  rules: readonly MissionRule[],
): Stretch[] {
  return alerts
    .filter((alert) => alert.subsystem === subsystem && isOfChannel(alert, channel, rules))
    .map(({ kind, started_at, last_at, is_open }) => ({
      kind: kind === "limit" ? kind : "anomaly",
      start: Date.parse(started_at) / 1000,
      end: is_open ? Infinity : Date.parse(last_at) / 1000,
    }));
}

function isOfChannel({ kind, reason }: Alert, channel: string, rules: readonly MissionRule[]): boolean {
  const matching = rules.filter((rule) => rule.reason === reason);
  return kind === "anomaly" || matching.length === 0 || matching.some((rule) => rule.channel === channel);
}
