import { expect, test } from "vitest";

import { formatValue, leadingChannels, placementOf, spanOf, stripOf } from "@/features/alerts/data/evidence";
import { scoreLines } from "@/features/alerts/data/score-lines";
import { aChannel, aVerdict } from "@/features/alerts/testing";

test("a value is placed only against a range that is known; its ends belong to it", () => {
  expect(placementOf(3.1, 3.3, 4.2)).toBe("below");
  expect(placementOf(3.3, 3.3, 4.2)).toBe("within");
  expect(placementOf(5, 3.3, 4.2)).toBe("above");
  expect(placementOf(null, 3.3, 4.2)).toBeNull();
  expect(placementOf(0, null, undefined)).toBeNull();
});

test.each([
  [null, "–"],
  [0, "0"],
  [3.14159, "3.142"],
  [-97.31234, "-97.31"],
  [435_218.4, "435218.4"],
  [0.00001234, "1.23e-5"],
])("%s reads %s", (value, text) => {
  expect(formatValue(value)).toBe(text);
});

test("all values of a channel lie on its strip, in order", () => {
  const strip = stripOf(aChannel());
  expect(strip?.actual).toBe(4);
  expect(strip?.expected).toBeGreaterThan(strip?.band?.x ?? 100);
  expect((strip?.nominal?.x ?? 0) + (strip?.nominal?.width ?? 0)).toBeCloseTo(96);
});

test("one value alone has no strip", () => {
  const alone = { expected: null, lower_90: null, upper_90: null, nominal: null };
  expect(stripOf({ ...aChannel(), ...alone })).toBeNull();
});

test("the satellite is shown with at least two minutes before and after an alert", () => {
  expect(spanOf({ started_at: "2026-11-25T13:00:00Z", last_at: "2026-11-25T13:00:00Z" })).toEqual({
    from: "2026-11-25T12:58:00.000Z",
    to: "2026-11-25T13:02:00.000Z",
  });
});

test("scores run from the oldest, and verdicts without one are left out", () => {
  const verdicts = [
    aVerdict({ generated_at: "1970-01-01T00:00:20Z", anomaly_score: 0.8 }),
    aVerdict({ generated_at: "1970-01-01T00:00:15Z", anomaly_score: null }),
    aVerdict({ generated_at: "1970-01-01T00:00:10Z", anomaly_score: 0.9 }),
  ];
  expect(scoreLines(verdicts, 0.7)).toEqual([
    [10, 20],
    [0.9, 0.8],
    [0.7, 0.7],
  ]);
  expect(scoreLines([aVerdict({ anomaly_score: null })], 0.7)).toBeNull();
});

test("channels without a share worth reading wait below, unless there are no others", () => {
  const small = { share: 0.001 };
  const large = { share: 0.9 };
  expect(leadingChannels([large, small])).toEqual([large]);
  expect(leadingChannels([small])).toEqual([small]);
});
