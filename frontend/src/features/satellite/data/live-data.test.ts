import { expect, test } from "vitest";

import type { Schemas } from "@/api/client";

import { stretchesOf } from "@/features/satellite/data/episodes";
import { judge, limitsOf } from "@/features/satellite/data/judgement";
import { LiveData } from "@/features/satellite/data/live-data";
import { liveVerdictOn } from "@/features/satellite/data/marks";
import { isoOf } from "@/features/satellite/data/time-span";

const rule = {
  channel: "soc",
  below: 30,
  above: null,
  equals: null,
  reason: "low_battery",
  is_contextual: false,
  switched_off: null,
  kind: "limit" as const,
  rate: null,
};

function verdict(time: number, reason: string | null): Schemas["VerdictItem"] {
  return {
    job_id: `job-${time}`,
    subsystem: "eps",
    generated_at: isoOf(time),
    window_start: null,
    verdict: "nominal",
    status: "completed",
    anomaly_score: 0.1,
    anomaly_detected: false,
    trigger_reason: reason,
    trigger_reasons: reason === null ? [] : ["low_voltage", reason],
    model_name: "m",
    model_version: "1",
  };
}

function telemetry(time: number): Schemas["Telemetry"] {
  return {
    satellite_id: "SAT-001",
    start_time: isoOf(time - 60),
    end_time: isoOf(time),
    strategy: "minmax",
    step_s: 0,
    times: [time],
    channels: [{ subsystem: "eps", channel: "soc", metric: "m", unit: "%", min: [1], max: [1] }],
  };
}

function alert(change: Partial<Schemas["Alert"]>): Schemas["Alert"] {
  return {
    alert_id: "a",
    satellite_id: "SAT-001",
    subsystem: "eps",
    kind: "anomaly",
    reason: null,
    severity: "serious",
    state: "returned",
    suppression: null,
    is_open: false,
    started_at: isoOf(10),
    last_at: isoOf(20),
    clock_behind_s: null,
    verdict_count: 2,
    peak_score: 0.9,
    peak_job_id: null,
    newest_job_id: null,
    channels: null,
    acknowledgement: null,
    ...change,
  };
}

test("only verdicts that a rule asked for are marked, each once", () => {
  const data = new LiveData(new Set(["low_battery"]));
  data.addVerdicts([verdict(1, "low_battery"), verdict(2, "periodic_check"), verdict(3, null)]);
  data.addVerdicts([verdict(1, "low_battery")]);
  expect(data.marksOf("eps", "soc", [rule])).toEqual([1]);
});

test("a list that was read before a verdict came on the live line does not take its mark away", () => {
  const data = new LiveData(new Set(["low_battery"]));
  const live = liveVerdictOn("SAT-001", { satellite_id: "SAT-001", ...verdict(2, "low_battery") });
  if (live) data.addVerdicts([live]);
  data.addVerdicts([verdict(1, "low_battery")]);
  expect(data.marksOf("eps", "soc", [rule])).toEqual([2, 1]);
});

test("a rule marks its own channel, not the others of its subsystem nor what else its job was about", () => {
  const data = new LiveData(new Set(["low_battery"]));
  data.addVerdicts([verdict(1, "low_battery"), { ...verdict(1, "low_battery"), subsystem: "thermal" }]);
  expect(data.marksOf("eps", "soc", [rule])).toEqual([1]);
  expect(data.marksOf("eps", "voltage", [rule])).toEqual([]);
  expect(data.marksOf("thermal", "obc_temp", [{ ...rule, channel: "obc_temp", reason: "hot" }])).toEqual([]);
});

test("limits of a channel are the levels of its rules", () => {
  const both = { ...rule, below: -10, above: 50 };
  expect(limitsOf("soc", [both, { ...rule, below: null, equals: 0 }])).toEqual([-10, 50]);
  expect(limitsOf("soc", [{ ...both, is_contextual: true }])).toEqual([]);
  expect(limitsOf("voltage", [both])).toEqual([]);
});

test.each([
  { satellite_id: "SAT-002", ...verdict(1, "low_battery") },
  { satellite_id: "SAT-001", ...verdict(1, "low_battery"), generated_at: null },
  { n: 1 },
  null,
])("an event that is no verdict on this satellite's telemetry marks nothing: %o", (event) => {
  expect(liveVerdictOn("SAT-001", event)).toBeNull();
});

test("following for an hour holds no more than the axis shows", () => {
  const data = new LiveData(new Set(["low_battery"]));
  data.load(telemetry(1000));
  for (let now = 1001; now < 4600; now += 1) {
    data.merge(telemetry(now));
    data.addVerdicts([verdict(now, "low_battery")]);
    data.trim(now - 60);
  }
  expect(data.size).toEqual({ samples: 61, forecasts: 0, marks: 61 });
});

test("news are asked for from a minute before the newest sample", () => {
  const data = new LiveData(new Set());
  data.load(telemetry(1000));
  expect(data.samplesSince()).toBe(940);
});

test("a silent satellite is not asked for hours of news each second", () => {
  const data = new LiveData(new Set());
  data.load(telemetry(1000));
  data.merge({ ...telemetry(1000), end_time: isoOf(9000) });
  expect(data.samplesSince()).toBe(8880);
});

test("an open alert reaches to now, and an alert is drawn on the channels that it is about", () => {
  const open = alert({ is_open: true, channels: ["soc", "current"] });
  const limit = alert({ kind: "limit", reason: "low_battery", channels: ["soc"] });
  expect(stretchesOf([open, limit], "eps", "soc")).toEqual([
    { kind: "anomaly", start: 10, end: Infinity },
    { kind: "limit", start: 10, end: 20 },
  ]);
  expect(stretchesOf([open, limit], "eps", "current")).toHaveLength(1);
  expect(stretchesOf([open, limit], "eps", "voltage")).toEqual([]);
  expect(stretchesOf([alert({})], "eps", "voltage")).toHaveLength(1);
  expect(stretchesOf([open, limit], "thermal", "obc_temp")).toEqual([]);
});

test.each([
  [50, null],
  [35, "outside"],
  [29.9, "limit"],
  [null, null],
] as const)("a charge of %s %% with nominal 40 to 100 and a limit of 30 is judged %s", (value, judgement) => {
  const channel = { name: "soc", unit: "%", isFlag: false, nominal: [40, 100] as const };
  expect(judge(value, channel, [rule])).toBe(judgement);
});
