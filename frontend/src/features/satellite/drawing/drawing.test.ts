import { expect, test } from "vitest";

import type { Mission } from "@/api/get-mission";
import { choose } from "@/features/satellite/drawing/chart-spec";
import { timeLabels } from "@/components/charts/time-labels";
import { valueRange } from "@/features/satellite/drawing/value-range";

const channel = (name: string, metric: string | null = "m") => ({
  name,
  unit: "V",
  is_flag: false,
  is_feature: true,
  nominal: [0, 10],
  metric,
});

const mission: Mission = {
  name: "m",
  limit_set: "default",
  model: { name: "m", version: "1" },
  models: [],
  window: { length: 64, max_span_s: 900, max_gap_s: 60 },
  anomaly_threshold: 0.7,
  max_horizon: 64,
  max_points: 1000,
  min_points: 10,
  subsystems: [
    { name: "eps", horizon: 5, rules: [], channels: [channel("a"), channel("b"), channel("unstored", null)] },
    { name: "comm", horizon: 3, rules: [], channels: [channel("c")] },
  ],
};

const keys = (search: Parameters<typeof choose>[1]) =>
  choose(mission, search).groups.flatMap(({ specs }) => specs.map(({ key }) => key));

test("the first subsystem is shown by default, and in place of one that does not exist", () => {
  expect(keys({})).toEqual(["eps/a", "eps/b"]);
  expect(keys({ subsystem: "warp drive" })).toEqual(["eps/a", "eps/b"]);
});

test("all shows every channel with telemetry, of the mission's subsystems in their order", () => {
  expect(keys({ subsystem: "all" })).toEqual(["eps/a", "eps/b", "comm/c"]);
});

test("chosen channels alone are shown; when none of them exists, all are", () => {
  expect(keys({ subsystem: "all", channels: ["c", "nonsense"] })).toEqual(["comm/c"]);
  expect(keys({ channels: ["nonsense"] })).toEqual(["eps/a", "eps/b"]);
});

test("a value axis leaves room, and does not blow noise up", () => {
  expect(valueRange(0, 100, null, false).map(Math.round)).toEqual([-8, 108]);
  const [low, high] = valueRange(5, 5.0001, [0, 10], false);
  expect(high - low).toBeGreaterThan(0.2);
  expect(valueRange(null, null, [0, 10], false)).toEqual([0, 10]);
  expect(valueRange(0, 1, null, true)).toEqual([-0.2, 1.2]);
});

test("a time axis has 24 hours, and a date at midnight", () => {
  const midnight = Date.UTC(2026, 10, 25) / 1000;
  expect(timeLabels([midnight - 3600, midnight, midnight + 46_800], 3600)).toEqual([
    "23:00",
    "11-25",
    "13:00",
  ]);
  expect(timeLabels([midnight + 5], 5)).toEqual(["00:00:05"]);
});
