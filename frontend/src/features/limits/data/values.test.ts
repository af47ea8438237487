import { expect, test } from "vitest";

import { boundsText, changedFields } from "@/features/limits/data/values";
import { BATTERY } from "@/features/limits/testing";

test("a limit is written with all of its bounds and its unit", () => {
  const { file } = BATTERY;
  expect(boundsText(file, "%")).toBe("< 30 %");
  expect(boundsText({ ...file, below: -30, above: 50, inclusive: true }, "degC")).toBe("≤ -30 / ≥ 50 degC");
  expect(boundsText({ ...file, below: null, equals: 0 }, "")).toBe("= 0");
});

test("what differs is named in the order of the form", () => {
  const { file } = BATTERY;
  expect(changedFields({ ...file, latching: true, below: 25 }, file)).toEqual(["below", "latching"]);
  expect(changedFields(file, { ...file })).toEqual([]);
});
