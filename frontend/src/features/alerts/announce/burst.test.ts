import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Burst, BURST_MS, newAlarmOf, type NewAlarm } from "@/features/alerts/announce/burst";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const raised = {
  alarm_id: "a",
  change: "raised",
  satellite_id: "SAT-001",
  subsystem: "eps",
  kind: "limit",
  reason: "low_battery",
  severity: "critical",
  state: "unacknowledged",
} as const;

function listen() {
  const told: [string, number, boolean][] = [];
  const burst = new Burst((worst, count, isLoud) => void told.push([worst.alarm_id, count, isLoud]));
  const add = (alarm_id: string, severity: NewAlarm["severity"] = "critical") =>
    burst.add({ ...raised, alarm_id, severity });
  return { told, add };
}

test("a flood is one sound, and a notification that counts on", () => {
  const { told, add } = listen();
  for (let number = 0; number < 100; number++) add(`alarm-${number}`);
  expect(told).toEqual([["alarm-0", 1, true]]);
  vi.advanceTimersByTime(2_000);
  expect(told).toEqual([
    ["alarm-0", 1, true],
    ["alarm-0", 100, false],
  ]);
});

test("a worse alarm within a burst is heard; another one as bad is not", () => {
  const { told, add } = listen();
  add("watch", "watch");
  add("severe", "severe");
  add("severe-too", "severe");
  expect(told).toEqual([
    ["watch", 1, true],
    ["severe", 2, true],
  ]);
});

test("the same alarm counts once, and what comes after a burst is heard again", () => {
  const { told, add } = listen();
  add("a");
  add("a");
  vi.advanceTimersByTime(BURST_MS);
  add("b");
  expect(told).toEqual([
    ["a", 1, true],
    ["a", 1, false],
    ["b", 1, true],
  ]);
});

test.each([
  { change: "acknowledged" },
  { state: "shelved" },
  { state: "out_of_service" },
  { state: "acknowledged" },
  { state: "returned_unacknowledged" },
  { state: null },
])("no new alarm: %o", (changes) => {
  expect(newAlarmOf({ ...raised, ...changes })).toBeNull();
});

test("a raised alarm that stands is one", () => {
  expect(newAlarmOf({ ...raised, xact: 7, id: 1, comment: null })).toEqual(raised);
});
