/** Least height of a value axis as part of the nominal range: noise does not look like an event. */
const LEAST_PART = 0.02;
const PADDING = 0.08;

/** Ends of a value axis: all that is drawn, with some room; a flag has a fixed one. */
export function valueRange(
  low: number | null,
  high: number | null,
  nominal: readonly [number, number] | null,
  isFlag: boolean,
): [number, number] {
  if (isFlag) return [-0.2, 1.2];
  if (low === null || high === null) return nominal ? [nominal[0], nominal[1]] : [0, 1];
  const least = nominal ? (nominal[1] - nominal[0]) * LEAST_PART : Math.abs(high) * LEAST_PART || 1;
  const height = Math.max(high - low, least);
  const middle = (low + high) / 2;
  const half = height * (0.5 + PADDING);
  return [middle - half, middle + half];
}
