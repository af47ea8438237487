import { expect, test } from "vitest";

import { valueAgainstLimit } from "@/features/alerts/data/actions";

test.each([
  [{ value: 12.5, limit: "below 20" }, "12.5 < 20"],
  [{ value: 66, limit: "above 60" }, "66 > 60"],
  [{ value: 6, limit: "was 5" }, "5 → 6"],
  [{ value: 0.96, limit: null }, "0.96"],
])("a value stands against what it broke, and a new one behind the old one", (alarm, text) => {
  expect(valueAgainstLimit(alarm)).toBe(text);
});
