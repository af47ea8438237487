import { formatDuration } from "@/lib/time";

/** A measured value with at most six significant digits; what is missing is a dash, never a zero. */
export function formatValue(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  return String(Number(value.toPrecision(6)));
}

/** A score of 0 to 1 with all four digits it is stored with: none is rounded up to 1 or onto a threshold. */
export function formatScore(score: number | null | undefined): string {
  if (score === null || score === undefined || !Number.isFinite(score)) return "–";
  if (score >= 0.99995) return "> 0.9999";
  return score.toFixed(4);
}

/** A short duration in its own unit: `34 ms`, `9.9 ms`, `1.25 s`, `2 m 5 s`. */
export function formatMs(milliseconds: number | null | undefined): string {
  if (milliseconds === null || milliseconds === undefined) return "–";
  if (milliseconds < 1000) return `${Number(milliseconds.toFixed(1))} ms`;
  if (milliseconds < 60_000) return `${Number((milliseconds / 1000).toFixed(2))} s`;
  return formatDuration(milliseconds);
}

/** A share of one as whole percent; what is not nothing is not shown as nothing, nor what is not all as all. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.005) return "< 1 %";
  return share < 1 && share >= 0.995 ? "> 99 %" : `${Math.round(share * 100)} %`;
}
