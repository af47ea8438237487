import type { Value } from "@/features/satellite/data/plot/samples";

/** A stretch of time without a line: between two values. */
export type Gap = [from: number, to: number];

/** So many usual intervals without a sample are no gap, however long they last. */
const GAP_INTERVALS = 3;
/** The usual interval before or behind a pause is the median of so many; the shorter of both counts. */
const GAP_NEIGHBOURS = 5;

/** Finds where the line of one channel must not go on. A missing value alone is no gap: another channel was there. */
export function gapsOf(
  times: readonly number[],
  values: readonly Value[],
  isGap: (intervals: readonly number[], place: number) => boolean,
): Gap[] {
  const own = times.filter((_, row) => (values[row] ?? null) !== null);
  const intervals = own.slice(1).map((time, place) => time - (own[place] ?? 0));
  return intervals.flatMap((_, place): Gap[] =>
    isGap(intervals, place) ? [[own[place] ?? 0, own[place + 1] ?? 0]] : [],
  );
}

/** Gaps of samples are those at which a window ends; where these are extremes, `stepS` is their intervals' width. */
export function sampleGaps(
  times: readonly number[],
  values: readonly Value[],
  maxGapS: number,
  stepS: number,
): Gap[] {
  return gapsOf(times, values, (intervals, place) => {
    const pause = intervals[place] ?? 0;
    if (pause <= Math.max(maxGapS, GAP_INTERVALS * stepS)) return false;
    return pause > GAP_INTERVALS * usualBeside(intervals, place);
  });
}

function usualBeside(intervals: readonly number[], place: number): number {
  const before = intervals.slice(Math.max(place - GAP_NEIGHBOURS, 0), place);
  const behind = intervals.slice(place + 1, place + 1 + GAP_NEIGHBOURS);
  const medians = [before, behind].filter((side) => side.length > 0).map(medianOf);
  return medians.length > 0 ? Math.min(...medians) : 0;
}

const medianOf = (side: number[]): number => side.sort((a, b) => a - b)[Math.floor(side.length / 2)] ?? 0;
