import { expect, test } from "vitest";

import {
  formatBytes,
  formatCount,
  formatMeasure,
  formatPercent,
  sumOf,
} from "@/features/pipeline/data/figures";

test("what is not known is no number, in every format", () => {
  for (const format of [formatCount, formatMeasure, formatPercent, formatBytes])
    for (const unknown of [null, undefined, Number.NaN, Infinity]) expect(format(unknown)).toBeNull();
});

test("zero is a number", () => {
  expect([formatCount(0), formatMeasure(0), formatPercent(0), formatBytes(0)]).toEqual([
    "0",
    "0",
    "0",
    "0 B",
  ]);
});

test("great counts are grouped", () => {
  expect(formatCount(12_345_678)).toBe("12,345,678");
});

test.each([
  [9.534, "9.53"],
  [59.426, "59.4"],
  [220, "220"],
  [1234.5, "1,235"],
])("%d is measured as %s", (value, text) => {
  expect(formatMeasure(value)).toBe(text);
});

test("a share below the whole never reads 100", () => {
  expect(formatPercent(99.999)).toBe("99.9");
  expect(formatPercent(100)).toBe("100");
});

test.each([
  [1023, "1,023 B"],
  [1024, "1.0 KiB"],
  [14_327_143, "13.7 MiB"],
  [84_987_740_160, "79.2 GiB"],
  [2 ** 70, "1,048,576.0 PiB"],
])("%d bytes are %s", (value, text) => {
  expect(formatBytes(value)).toBe(text);
});

test("a sum counts what is known, and is unknown where nothing is", () => {
  expect(sumOf([1, null, 2])).toBe(3);
  expect(sumOf([null, undefined])).toBeNull();
  expect(sumOf([])).toBeNull();
});
