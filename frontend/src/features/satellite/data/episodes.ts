import type { Schemas } from "@/api/client";

type Alert = Schemas["Alert"];

/** An alert as a stretch of the time axis; an open one goes on as long as telemetry does. */
export interface Stretch {
  kind: "anomaly" | "limit";
  start: number;
  end: number;
}

/** Alerts to be drawn on a channel's chart: those that are about it, or of which nothing says which channel. */
export function stretchesOf(alerts: readonly Alert[], subsystem: string, channel: string): Stretch[] {
  return alerts
    .filter((alert) => alert.subsystem === subsystem && (alert.channels?.includes(channel) ?? true))
    .map(({ kind, started_at, last_at, is_open }) => ({
      kind: kind === "limit" ? kind : "anomaly",
      start: Date.parse(started_at) / 1000,
      end: is_open ? Infinity : Date.parse(last_at) / 1000,
    }));
}
