import { expect, test } from "vitest";

import { judge, type MissionRule } from "@/features/satellite/data/judgement";

const channel = { name: "soc", unit: "%", isFlag: false, nominal: [40, 100] as const };
const rule: MissionRule = {
  channel: "soc",
  below: 30,
  above: null,
  equals: null,
  reason: "low_battery",
  is_contextual: false,
  switched_off: null,
  kind: "limit",
  rate: null,
};

test("a value that breaks a rule is a broken limit, one outside the nominal range is not", () => {
  expect([12, 35, 50, null].map((value) => judge(value, channel, [rule]))).toEqual([
    "limit",
    "outside",
    null,
    null,
  ]);
});

test("a value alone breaks no rule that is compared in a context only", () => {
  expect(judge(12, channel, [{ ...rule, is_contextual: true }])).toBe("outside");
});
