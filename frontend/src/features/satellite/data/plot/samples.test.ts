import { expect, test } from "vitest";

import {
  lowerBound,
  mergeSamples,
  samplesOf,
  trimSamples,
  type Telemetry,
  type Value,
} from "@/features/satellite/data/plot/samples";

/** An answer over one channel; a null value is the row of a gap. */
function answer(rows: [time: number, min: Value, max?: Value][], stepS = 0): Telemetry {
  return {
    satellite_id: "SAT-001",
    start_time: "2026-01-01T00:00:00Z",
    end_time: "2026-01-01T01:00:00Z",
    strategy: "minmax",
    step_s: stepS,
    times: rows.map(([time]) => time),
    channels: [
      {
        subsystem: "eps",
        channel: "battery_voltage",
        metric: "m",
        unit: "V",
        min: rows.map(([, min]) => min),
        max: rows.map(([, min, max]) => max ?? min),
      },
    ],
  };
}

test("a late sample lands in its place", () => {
  const samples = samplesOf(answer([[10, 1], [14, 3]])); // prettier-ignore
  mergeSamples(samples, answer([[12, 2], [14, 3], [16, 4]])); // prettier-ignore
  expect(samples.times).toEqual([10, 12, 14, 16]);
  expect(samples.columns[0]?.max).toEqual([1, 2, 3, 4]);
});

test("the same answer twice changes nothing", () => {
  const samples = samplesOf(answer([[10, 1], [12, 2]])); // prettier-ignore
  const once = structuredClone(samples);
  mergeSamples(samples, answer([[10, 1], [12, 2]])); // prettier-ignore
  expect(samples).toEqual(once);
});

test("newer samples widen the interval in which they lie, so that a spike shows", () => {
  const samples = samplesOf(answer([[0, 1, 2], [60, 1, 2]], 60)); // prettier-ignore
  mergeSamples(samples, answer([[61, 9], [119.5, -9], [120.2, 5]])); // prettier-ignore
  expect(samples.times).toEqual([0, 60, 120]);
  expect(samples.columns[0]?.min).toEqual([1, -9, 5]);
  expect(samples.columns[0]?.max).toEqual([2, 9, 5]);
});

test("the row of a gap is no sample", () => {
  const samples = samplesOf(answer([[0, 1], [45, null], [90, 1]])); // prettier-ignore
  expect(samples.times).toEqual([0, 90]);
});

test("an empty answer changes nothing", () => {
  const samples = samplesOf(answer([[10, 1]]));
  mergeSamples(samples, answer([]));
  expect(samples.times).toEqual([10]);
});

test("what is older than the axis is dropped from every column", () => {
  const samples = samplesOf(answer([[0, 1], [10, 2], [20, 3]])); // prettier-ignore
  trimSamples(samples, 10);
  expect(samples.times).toEqual([10, 20]);
  expect(samples.columns[0]?.min).toEqual([2, 3]);
  expect(samples.columns[0]?.max).toEqual([2, 3]);
});

test("following for hours holds no more samples than the axis shows", () => {
  const samples = samplesOf(answer([[0, 1]]));
  for (let now = 1; now < 5000; now += 1) {
    mergeSamples(samples, answer([[now - 1, 1], [now, 2]])); // prettier-ignore
    trimSamples(samples, now - 60);
  }
  expect(samples.times).toHaveLength(61);
  expect(samples.columns[0]?.max).toHaveLength(61);
});

test.each([
  [[], 5, 0],
  [[1, 3, 5], 0, 0],
  [[1, 3, 5], 3, 1],
  [[1, 3, 5], 4, 2],
  [[1, 3, 5], 9, 3],
])("the first of %j not below %d is at %d", (values, wanted, index) => {
  expect(lowerBound(values, wanted)).toBe(index);
});
