import { DEFAULT_RANGE, RANGES, type Range, type SatelliteSearch } from "@/features/satellite/search";

/** What the time axis shows: the newest `lengthS` seconds, or a fixed span. Times are Unix seconds. */
export type Span =
  { kind: "live"; range: Range; lengthS: number } | { kind: "fixed"; start: number; end: number };
export type Window = { start: number; end: number };

/** Shortest span worth drawing, so that a click is no zoom. */
export const SHORTEST_S = 1;
const LONGEST_S = 366 * 86_400;
const LEAST_LEAD = 0.02;
const MOST_LEAD = 0.25;

/** Reads the span of an address; half a span, or one that ends before it starts, falls back to the range. */
export function spanOf({ range = DEFAULT_RANGE, from, to }: SatelliteSearch): Span {
  const start = from === undefined ? NaN : Date.parse(from) / 1000;
  const end = to === undefined ? NaN : Date.parse(to) / 1000;
  if (end - start >= SHORTEST_S && end - start <= LONGEST_S) return { kind: "fixed", start, end };
  return { kind: "live", range, lengthS: RANGES[range] };
}

/** Part of the past that a span covers at a moment. */
export function pastOf(span: Span, now: number): Window {
  return span.kind === "fixed" ? span : { start: now - span.lengthS, end: now };
}

/** What the axis covers: a live one reaches a bit past now, so that the newest forecast (`horizonS` long) shows. */
export function axisOf(span: Span, now: number, horizonS: number): Window {
  if (span.kind === "fixed") return span;
  const lead = Math.min(Math.max(horizonS * 1.2, span.lengthS * LEAST_LEAD), span.lengthS * MOST_LEAD);
  return { start: now - span.lengthS, end: now + lead };
}

/** The same middle, three times as long, not beyond `latest` (if it did not reach there before). */
export function widen({ start, end }: Window, latest: number): Window {
  const length = Math.min((end - start) * 3, LONGEST_S);
  const wideEnd = Math.min((start + end + length) / 2, Math.max(latest, end));
  return { start: wideEnd - length, end: wideEnd };
}

/** A window as the address writes it. */
export function addressOf({ start, end }: Window): { from: string; to: string } {
  return { from: isoOf(start), to: isoOf(end) };
}

/** ISO 8601 in UTC with milliseconds. */
export function isoOf(seconds: number): string {
  return new Date(Math.round(seconds * 1000)).toISOString();
}
