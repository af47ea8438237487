import { expect, test } from "vitest";

import { boundsText, changedFields, limitText } from "@/features/limits/data/values";
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

test("a rule on a rate or on any change says so", () => {
  const rate = { rises: 0.5, falls: 2, per: "minute", over_s: 0 } as const;
  expect(limitText({ ...BATTERY, kind: "rate", rate }, "any")).toBe("↑ 0.5 ↓ 2 %/min");
  expect(limitText({ ...BATTERY, kind: "rate", rate: { ...rate, rises: null, per: "second" } }, "any")).toBe(
    "↓ 2 %/s",
  );
  expect(limitText({ ...BATTERY, kind: "change" }, "any")).toBe("any");
  expect(limitText(BATTERY, "any")).toBe("< 30 %");
});
