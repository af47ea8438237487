import { expect, test } from "vitest";

import type { Schemas } from "@/api/client";
import {
  chosenSatellites,
  formatSince,
  noteOf,
  subsystemColumns,
  worstSubsystem,
} from "@/features/fleet/cells";
import { aSatellite, aSubsystem } from "@/features/fleet/testing";

type Subsystem = Schemas["SubsystemState"];

const HALFWAY = { samples: 412, needed: 2000, remaining_s: 1588, reason: "too_few_samples" };
const HOURLY = { interval_s: 3600, needed: 10, max_span_s: 10_000, enough_span_s: 36_000 };
const DAILY = { ...HOURLY, interval_s: 86_400, max_span_s: 600_000, enough_span_s: null };

test.each<[string, Partial<Subsystem>, ReturnType<typeof noteOf>]>([
  ["a nominal one gives its score", {}, { key: "score", score: 0.12 }],
  [
    "silence comes before an open alert",
    { state: "critical", is_stale: true, last_contact: "2026-11-25T13:00:00Z", open_alerts: 1 },
    { key: "silent", since: "2026-11-25T13:00:00Z" },
  ],
  ["one never heard says so", { state: "off", is_stale: true, last_contact: null }, { key: "never" }],
  ["a limit breach needs no score", { state: "critical", anomaly_score: 0.1 }, { key: "limit" }],
  ["an anomaly gives its score", { state: "serious", anomaly_score: 0.9 }, { key: "anomaly", score: 0.9 }],
  [
    "an acknowledged alert says so",
    { state: "caution", open_alerts: 1 },
    { key: "acknowledged", score: 0.12 },
  ],
  ["caution without alerts is a failed inference", { state: "caution" }, { key: "failed" }],
  [
    "no score while warming up",
    { state: "standby", verdict: "warming_up", anomaly_score: null },
    { key: "warmingUp" },
  ],
  [
    "one that is sampled too rarely says what would do",
    { state: "standby", verdict: "warming_up", anomaly_score: null, rarely_sampled: HOURLY },
    { key: "rare", rare: HOURLY },
  ],
  [
    "one that no mission file can serve says so",
    { state: "standby", verdict: "warming_up", anomaly_score: null, rarely_sampled: DAILY },
    { key: "tooRare", rare: DAILY },
  ],
  [
    "what no calibration covers is learning",
    { state: "standby", verdict: "learning", anomaly_score: null },
    { key: "learning", progress: null },
  ],
  [
    "one that learns says how far it is",
    { state: "standby", verdict: "learning", anomaly_score: null, learning: HALFWAY },
    { key: "learning", progress: HALFWAY },
  ],
  [
    "no verdict is no score of 0",
    { state: "standby", verdict: null, anomaly_score: null },
    { key: "unjudged" },
  ],
])("%s", (_, changes, note) => {
  expect(noteOf(aSubsystem(changes))).toEqual(note);
});

test("the clock alone stands only for today", () => {
  expect(formatSince("2026-11-25T13:00:05Z", "2026-11-25")).toBe("13:00:05");
  expect(formatSince("2026-11-24T13:00:05Z", "2026-11-25")).toBe("2026-11-24 13:00:05");
});

test("states and part of a name choose together, in the server's order", () => {
  const fleet = [
    aSatellite({ satellite_id: "SAT-012", state: "critical" }),
    aSatellite({ satellite_id: "SAT-002", state: "serious" }),
    aSatellite({ satellite_id: "SAT-001", state: "normal" }),
  ];
  const names = (...args: [Parameters<typeof chosenSatellites>[1], string]) =>
    chosenSatellites(fleet, ...args).map(({ satellite_id }) => satellite_id);
  expect(names([], "")).toEqual(["SAT-012", "SAT-002", "SAT-001"]);
  expect(names(["critical", "normal"], " sat-01 ")).toEqual(["SAT-012"]);
});

test("the worst subsystem is the one that gives the satellite its state", () => {
  const satellite = aSatellite({
    state: "serious",
    subsystems: [aSubsystem({}), aSubsystem({ subsystem: "comm", state: "serious" })],
  });
  expect(worstSubsystem(satellite)?.subsystem).toBe("comm");
});

test("a subsystem that the mission does not name still has a column", () => {
  const satellite = aSatellite({ subsystems: [aSubsystem({ subsystem: "payload" })] });
  expect(subsystemColumns(["eps", "comm"], [satellite])).toEqual(["eps", "comm", "payload"]);
});
