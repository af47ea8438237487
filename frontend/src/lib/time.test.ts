import { expect, test } from "vitest";

import { formatDuration, formatUtc } from "@/lib/time";

test("a time is written in UTC whatever the machine's zone", () => {
  expect(formatUtc("2026-03-01T23:59:07.5+09:00")).toBe("2026-03-01 14:59:07");
  expect(formatUtc("2026-03-01T14:59:07.5Z", { milliseconds: true })).toBe("2026-03-01 14:59:07.500");
});

test("what is no time is shown as missing, not as a date", () => {
  expect(formatUtc("never")).toBe("–");
});

test.each([
  [0, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 m"],
  [3_725_000, "1 h 2 m"],
  [90_061_000, "1 d 1 h"],
  [366 * 86_400_000, "1 y 1 d"],
  [-5, "0 s"],
])("%d ms lasts %s", (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text);
});
