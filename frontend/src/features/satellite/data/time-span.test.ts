import { expect, test } from "vitest";

import { searchSchema } from "@/features/satellite/search";
import { addressOf, axisOf, isoOf, pastOf, spanOf, widen } from "@/features/satellite/data/time-span";

test("without anything in the address the axis follows the newest 15 minutes", () => {
  expect(spanOf(searchSchema.parse({}))).toEqual({ kind: "live", range: "15m", lengthS: 900 });
});

test("an address that makes no sense falls back", () => {
  const hostile = { range: "2y", from: "yesterday", to: 7, channels: {}, subsystem: 5 };
  expect(spanOf(searchSchema.parse(hostile))).toEqual({ kind: "live", range: "15m", lengthS: 900 });
});

test.each([
  ["half a span", { from: "2026-01-01T00:00:00Z" }],
  ["a span that ends before it starts", { from: "2026-01-01T01:00:00Z", to: "2026-01-01T00:00:00Z" }],
  ["a span of no length", { from: "2026-01-01T00:00:00Z", to: "2026-01-01T00:00:00Z" }],
])("%s falls back to the range", (_, search) => {
  expect(spanOf({ ...search, range: "1h" })).toEqual({ kind: "live", range: "1h", lengthS: 3600 });
});

test("a zoom that is written into the address is read as the same span", () => {
  const window = { start: 1_795_613_050.938, end: 1_795_613_240.5 };
  expect(spanOf(searchSchema.parse(addressOf(window)))).toEqual({ kind: "fixed", ...window });
});

test("one channel in the address is a list of one", () => {
  expect(searchSchema.parse({ channels: "obc_temp" }).channels).toEqual(["obc_temp"]);
});

test("a live axis reaches past now as far as the forecast, but not over a quarter", () => {
  const span = { kind: "live", range: "15m", lengthS: 900 } as const;
  expect(pastOf(span, 1000)).toEqual({ start: 100, end: 1000 });
  expect(axisOf(span, 1000, 0)).toEqual({ start: 100, end: 1018 });
  expect(axisOf(span, 1000, 100)).toEqual({ start: 100, end: 1120 });
  expect(axisOf(span, 1000, 9000)).toEqual({ start: 100, end: 1225 });
});

test("zooming out keeps the middle, but does not go beyond now", () => {
  expect(widen({ start: 100, end: 200 }, 1000)).toEqual({ start: 0, end: 300 });
  expect(widen({ start: 100, end: 200 }, 200)).toEqual({ start: -100, end: 200 });
});

test("a time is written to the nearest millisecond", () => {
  expect(isoOf(1_795_613_397.938)).toBe("2026-11-25T13:29:57.938Z");
});
