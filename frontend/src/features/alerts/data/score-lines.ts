import type uPlot from "uplot";

import type { Schemas } from "@/api/client";

const ALONE_S = 30;

/** Scores over time, oldest first, and the threshold as a second line; null when no verdict has a score. */
export function scoreLines(
  verdicts: readonly Schemas["VerdictItem"][],
  threshold: number | null,
): uPlot.AlignedData | null {
  const points = verdicts
    .filter(({ anomaly_score }) => anomaly_score !== null)
    .map(({ generated_at, anomaly_score }) => [Date.parse(generated_at) / 1000, anomaly_score] as const)
    .sort(([a], [b]) => a - b);
  const first = points[0];
  const last = points.at(-1);
  if (!first || !last) return null;
  // A point alone would stand on an axis without length.
  const padded =
    first[0] === last[0]
      ? [[first[0] - ALONE_S, null] as const, ...points, [first[0] + ALONE_S, null] as const]
      : points;
  return [padded.map(([time]) => time), padded.map(([, score]) => score), padded.map(() => threshold)];
}
