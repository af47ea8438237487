import type { ChannelShare } from "@/features/alerts/api/get-alert";

type Channel = ChannelShare;
export type Placement = "below" | "within" | "above";

const LEAST_SHARE = 0.01;

/** The channels with a share worth reading; where none has one, all of them. */
export function leadingChannels<T extends { share: number }>(channels: T[]): T[] {
  const leading = channels.filter(({ share }) => share >= LEAST_SHARE);
  return leading.length > 0 ? leading : channels;
}

/** Where a value lies against a range; null where one of them is not known. */
export function placementOf(
  value: number | null,
  low: number | null | undefined,
  high: number | null | undefined,
): Placement | null {
  if (value === null || low === null || low === undefined || high === null || high === undefined) return null;
  if (value < low) return "below";
  return value > high ? "above" : "within";
}

/** A measured value with four significant digits, never in powers of ten where it can be read without. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size < 0.001 || size >= 1e7)) return value.toExponential(2);
  return String(Number(value.toPrecision(size >= 1000 ? 7 : 4)));
}

/** Places of a channel's values on one line from 0 to 100. */
export function stripOf(channel: Channel) {
  const { actual, expected, lower_90, upper_90, nominal } = channel;
  const known = [actual, expected, lower_90, upper_90, ...(nominal ?? [])].filter((value) => value !== null);
  const low = Math.min(...known);
  const span = Math.max(...known) - low;
  if (known.length < 2 || !(span > 0)) return null;
  const place = (value: number | null | undefined) =>
    value === null || value === undefined ? null : 4 + (92 * (value - low)) / span;
  return {
    actual: place(actual),
    expected: place(expected),
    band: rangeOf(place(lower_90), place(upper_90)),
    nominal: rangeOf(place(nominal?.[0]), place(nominal?.[1])),
  };
}

function rangeOf(from: number | null, to: number | null) {
  return from === null || to === null ? null : { x: from, width: Math.max(to - from, 0.5) };
}

/** Range of the satellite's telemetry that shows an alert with what came before and after it. */
export function spanOf(alert: { started_at: string; last_at: string }): { from: string; to: string } {
  const start = Date.parse(alert.started_at);
  const last = Date.parse(alert.last_at);
  const margin = Math.max(120_000, (last - start) / 2);
  return {
    from: new Date(start - margin).toISOString(),
    to: new Date(last + margin).toISOString(),
  };
}
