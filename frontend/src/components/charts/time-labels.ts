import { formatUtc, formatUtcClock } from "@/lib/time";

const DAY_S = 86_400;
/** Room of a label, with the space to the next one. */
export const TIME_LABEL_PX = 80;

/** Labels of a time axis in UTC with 24 hours; a day's first label is its date. */
export function timeLabels(splits: readonly number[], incrementS: number): string[] {
  return splits.map((time) => {
    const milliseconds = Math.round(time * 1000);
    if (incrementS >= DAY_S || time % DAY_S === 0) return formatUtc(milliseconds).slice(5, 10);
    const format = { seconds: incrementS < 60, milliseconds: incrementS < 1 };
    return formatUtcClock(milliseconds, format);
  });
}
