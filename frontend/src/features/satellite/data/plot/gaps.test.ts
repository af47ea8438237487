import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { sampleGaps } from "@/features/satellite/data/plot/gaps";

interface Examples {
  max_gap_s: number;
  series: { what: string; times_s: number[]; lines_s: [first: number, last: number][] }[];
}

const EXAMPLES = JSON.parse(readFileSync("../tests/examples/gaps.json", "utf8")) as Examples;

test.each(EXAMPLES.series)("lines end where windows do: $what", ({ times_s, lines_s }) => {
  const gaps = lines_s.slice(1).map(([first], index) => [lines_s[index]?.[1], first]);
  expect(sampleGaps(times_s, times_s, EXAMPLES.max_gap_s, 0)).toEqual(gaps);
});

test("a value that is missing because another channel was sampled is no gap", () => {
  expect(sampleGaps([0, 1, 2, 3], [5, null, null, 6], 60, 0)).toEqual([]);
});

test("a channel that falls silent alone has a gap of its own", () => {
  const times = [0, 10, 20, 30, 90, 100, 110];
  expect(sampleGaps(times, [1, 1, null, null, 1, 1, 1], 60, 0)).toEqual([[10, 90]]);
});

test("extremes of intervals wider than a gap are joined, unless more than two are empty", () => {
  expect(sampleGaps([0, 100, 400], [1, 1, 1], 60, 100)).toEqual([]);
  expect(sampleGaps([0, 100, 500], [1, 1, 1], 60, 100)).toEqual([[100, 500]]);
});
