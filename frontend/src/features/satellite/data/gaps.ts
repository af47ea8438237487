import type { Value } from "@/features/satellite/data/samples";

/** A stretch of time without a line: between two values. */
export type Gap = [from: number, to: number];

/**
 * Finds where the line of one channel must not go on: between values further apart than `limitS`, or with a break
 * between them. A missing value alone is no gap: another channel, or a forecast, was there.
 */
export function gapsOf(
  times: readonly number[],
  values: readonly Value[],
  limitS: number,
  breaks: readonly number[],
): Gap[] {
  const gaps: Gap[] = [];
  let before: number | null = null;
  let next = 0;
  for (let row = 0; row < times.length; row += 1) {
    if ((values[row] ?? null) === null) continue;
    const time = times[row] ?? 0;
    if (before !== null) {
      while ((breaks[next] ?? Infinity) <= before) next += 1;
      if (time - before > limitS || (breaks[next] ?? Infinity) < time) gaps.push([before, time]);
    }
    before = time;
  }
  return gaps;
}
