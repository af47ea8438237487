import { expect, test } from "vitest";

import { formatMs, formatScore, formatShare, formatValue } from "@/lib/numbers";

test("a missing value is a dash, and a zero is a zero", () => {
  expect([formatValue(null), formatValue(Number.NaN), formatValue(0)]).toEqual(["–", "–", "0"]);
  expect([formatMs(null), formatMs(0)]).toEqual(["–", "0 ms"]);
});

test.each([
  [9.886, "9.9 ms"],
  [34, "34 ms"],
  [1250, "1.25 s"],
  [125_000, "2 m 5 s"],
])("%d ms are written as %s", (milliseconds, text) => {
  expect(formatMs(milliseconds)).toBe(text);
});

test("a small share is not shown as none", () => {
  expect([formatShare(0), formatShare(0.001), formatShare(0.302)]).toEqual(["0 %", "< 1 %", "30 %"]);
});

test("nearly all is not shown as all", () => {
  expect([formatShare(0.996), formatShare(1)]).toEqual(["> 99 %", "100 %"]);
});

test.each([
  [0.9996, "0.9996"],
  [0.99996, "> 0.9999"],
  [1, "> 0.9999"],
  [0.7001, "0.7001"],
  [0.7, "0.7000"],
  [null, "–"],
])("score %d is written as %s", (score, text) => {
  expect(formatScore(score)).toBe(text);
});
