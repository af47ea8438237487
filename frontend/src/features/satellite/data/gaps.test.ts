import { expect, test } from "vitest";

import { gapsOf } from "@/features/satellite/data/gaps";

test("a value that is missing because another channel was sampled is no gap", () => {
  expect(gapsOf([0, 1, 2, 3], [5, null, null, 6], 60, [])).toEqual([]);
});

test("values too far apart are not joined", () => {
  expect(gapsOf([0, 10, 100, 110], [1, 2, 3, 4], 60, [])).toEqual([[10, 100]]);
});

test("a channel that falls silent alone has a gap of its own", () => {
  const times = [0, 30, 60, 90];
  expect(gapsOf(times, [1, 1, 1, 1], 60, [])).toEqual([]);
  expect(gapsOf(times, [1, null, null, 1], 60, [])).toEqual([[0, 90]]);
});

test("a gap that the server marks is a gap however short", () => {
  expect(gapsOf([0, 10, 20], [1, 2, 3], 60, [15])).toEqual([[10, 20]]);
});
