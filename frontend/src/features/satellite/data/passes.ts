import type { Schemas } from "@/api/client";

import type { Window } from "@/features/satellite/data/time-span";

/** Times in which a ground station is to hear the satellite, earliest first; passes that overlap are one. */
export function contactsOf(passes: readonly Pick<Schemas["Pass"], "start_time" | "end_time">[]): Window[] {
  const windows = passes
    .map(({ start_time, end_time }) => ({
      start: Date.parse(start_time) / 1000,
      end: Date.parse(end_time) / 1000,
    }))
    .sort((one, other) => one.start - other.start);
  const joined: Window[] = [];
  for (const window of windows) {
    const last = joined.at(-1);
    if (last && window.start <= last.end) last.end = Math.max(last.end, window.end);
    else joined.push(window);
  }
  return joined;
}
