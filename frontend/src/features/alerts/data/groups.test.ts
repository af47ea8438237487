import { expect, test } from "vitest";

import { rowsOf } from "@/features/alerts/data/groups";
import { anAlarm } from "@/features/alerts/testing";

const alarm = (alarm_id: string, group_id: string | null, changes = {}) =>
  anAlarm({ alarm_id, group_id, ...changes });
const shown = (rows: ReturnType<typeof rowsOf>) =>
  rows.map(({ alarm: { alarm_id }, others, isOther }) => [
    alarm_id,
    others.map((other) => other.alarm_id).join(""),
    isOther,
  ]);

test("alarms that began together are one row at the place of the first of them", () => {
  const page = [alarm("a", "g"), alarm("b", "h"), alarm("c", "g"), alarm("d", null), alarm("e", null)];
  expect(shown(rowsOf(page, () => false))).toEqual([
    ["a", "c", false],
    ["b", "", false],
    ["d", "", false],
    ["e", "", false],
  ]);
});

test("an unfolded group lists its others below, once", () => {
  const page = [alarm("a", "g"), alarm("b", "h"), alarm("c", "g")];
  expect(shown(rowsOf(page, ({ group_id }) => group_id === "g"))).toEqual([
    ["a", "c", false],
    ["c", "", true],
    ["b", "", false],
  ]);
});

test("what nobody acknowledged stands for its group, then the most severe", () => {
  const seen = { acknowledged_at: "2026-11-25T13:06:00Z", needs_attention: false, severity: "severe" };
  const page = [
    alarm("a", "g", seen),
    alarm("b", "g", { severity: "watch" }),
    alarm("c", "g", { severity: "distress" }),
  ];
  expect(shown(rowsOf(page, () => false))).toEqual([["c", "ab", false]]);
});
