import { expect, test } from "vitest";

import {
  forecastSetOf,
  horizonOf,
  mergeForecasts,
  trimForecasts,
  type Forecast,
  type Forecasts,
} from "@/features/satellite/data/plot/forecast-set";
import { plotCsv } from "@/features/satellite/data/plot/plot-csv";
import {
  alignedData,
  buildPlot,
  nearestRow,
  nearestValueRow,
  unionOf,
  type Plot,
} from "@/features/satellite/data/plot/plot-data";
import type { Samples } from "@/features/satellite/data/plot/samples";
import { isoOf } from "@/features/satellite/data/time-span";

const LIMITS = { maxGapS: 60, pixelS: 1 };
const KEY = "eps/soc";

function forecast(madeAt: number, times: number[], value = madeAt): Forecast {
  const column = (offset: number) => times.map((_, step) => value + step + offset);
  return {
    job_id: `job-${madeAt}`,
    made_at: isoOf(madeAt),
    times,
    channels: {
      soc: {
        predictions: column(0),
        lower_50: column(-1),
        upper_50: column(1),
        lower_90: column(-2),
        upper_90: column(2),
        times: null,
      },
    },
  };
}

const answer = (forecasts: Forecast[]): Forecasts => ({
  satellite_id: "SAT-001",
  subsystem: "eps",
  model_name: "m",
  forecasts,
  is_thinned: false,
});

const samples = (stepS = 0): Samples => ({
  stepS,
  times: [10, 12, 14],
  columns: [{ subsystem: "eps", channel: "soc", min: [1, null, 3], max: [1, null, 4] }],
});

function plotOf(forecasts: Forecast[], stepS = 0): Plot {
  return buildPlot(samples(stepS), new Map([["eps", forecastSetOf(answer(forecasts))]]), LIMITS);
}

test("samples and forecasts stand on one list of times, none twice", () => {
  const plot = plotOf([forecast(12, [14, 16, 18])]);
  expect(plot.times).toEqual([10, 12, 14, 16, 18]);
  expect(plot.channels.get(KEY)?.max).toEqual([1, null, 4, null, null]);
  expect(plot.channels.get(KEY)?.forecast).toEqual([null, null, 12, 13, 14]);
  expect(plot.channels.get(KEY)?.upper90).toEqual([null, null, 14, 15, 16]);
});

test("a channel whose steps lie at times of its own is drawn at them", () => {
  const made = forecast(12, [13, 14], 100);
  const channels = Object.entries(made.channels).map(([name, part]) => [name, { ...part, times: [15, 20] }]);
  const plot = plotOf([{ ...made, channels: Object.fromEntries(channels) as Forecast["channels"] }]);
  const drawn = plot.channels.get(KEY)?.forecast ?? [];
  expect(plot.times.filter((_, row) => drawn[row] !== null)).toEqual([15, 20]);
  expect(plot.channels.get(KEY)?.forecastGaps).toEqual([]);
});

test("the horizon reaches to the last step of the slowest channel", () => {
  const made = forecast(12, [13, 14]);
  const slow = { ...made.channels.soc, times: [20, 30] } as Forecast["channels"][string];
  expect(horizonOf(forecastSetOf(answer([made])))).toBe(2);
  expect(horizonOf(forecastSetOf(answer([{ ...made, channels: { ...made.channels, slow } }])))).toBe(18);
});

test("the newest forecast goes to its end, an older one as far as the next starts", () => {
  const plot = plotOf([forecast(10, [12, 14, 16], 100), forecast(12, [14, 16, 18], 200)]);
  expect(plot.channels.get(KEY)?.forecast).toEqual([null, 100, 200, 201, 202]);
});

test("forecasts with time between them are not joined", () => {
  const plot = plotOf([forecast(10, [12, 14]), forecast(40, [42, 44])]);
  expect(plot.channels.get(KEY)?.forecastGaps).toEqual([[14, 42]]);
});

test("a forecast that comes twice is there once, and an older one is dropped with the axis", () => {
  const set = mergeForecasts(
    forecastSetOf(answer([forecast(10, [12])])),
    answer([forecast(10, [12]), forecast(8, [9])]),
  );
  expect([...set.byJob.keys()]).toEqual(["job-8", "job-10"]);
  trimForecasts(set, 11);
  expect([...set.byJob.keys()]).toEqual(["job-10"]);
});

test("the newest value is the newest that the channel has", () => {
  expect(plotOf([forecast(12, [99])]).channels.get(KEY)?.newest).toBe(4);
});

test("reduced telemetry has an edge for the least and one for the greatest", () => {
  const reduced = plotOf([], 60);
  expect(alignedData(reduced, reduced.channels.get(KEY)).at(-1)).toEqual([1, null, 3]);
  const raw = plotOf([]);
  expect(alignedData(raw, raw.channels.get(KEY)).at(-1)).toEqual([null, null, null]);
});

test.each([0, 60])("rows of the CSV equal the data of the chart (step %d s)", (stepS) => {
  const plot = plotOf([forecast(12, [14, 16, 18])], stepS);
  const [times, upper90 = [], lower90 = [], upper50 = [], lower50 = [], expected = [], max = [], min = []] =
    alignedData(plot, plot.channels.get(KEY));
  const csv = plotCsv(plot, [{ key: KEY, name: "eps.soc", unit: "%" }], { start: 0, end: 100 });
  const [header, ...rows] = csv.trimEnd().split("\r\n");
  const telemetry = stepS > 0 ? "eps.soc [%] min,eps.soc [%] max" : "eps.soc [%]";
  const bands = ["forecast", "lower_50", "upper_50", "lower_90", "upper_90"].map(
    (name) => `eps.soc [%] ${name}`,
  );
  expect(header).toBe(`time_utc,${telemetry},${bands.join()}`);
  const drawn = times.map((time, row) => {
    const values = [
      ...(stepS > 0 ? [min[row]] : []),
      max[row],
      expected[row],
      lower50[row],
      upper50[row],
      lower90[row],
      upper90[row],
    ];
    return [new Date(time * 1000).toISOString(), ...values.map((value) => value ?? "")].join();
  });
  expect(rows).toEqual(drawn.filter((line) => !/Z,*$/.test(line)));
});

test("the CSV holds the visible window only", () => {
  const csv = plotCsv(plotOf([]), [{ key: KEY, name: "soc", unit: "" }], { start: 11, end: 14 });
  expect(csv.trimEnd().split("\r\n").slice(1)).toEqual(["1970-01-01T00:00:14.000Z,4,,,,,"]);
});

test("a reading is the nearest value within reach, else none", () => {
  const times = [0, 1, 2, 10];
  expect(nearestRow(times, 1.4)).toBe(1);
  expect(nearestRow([], 1)).toBe(-1);
  expect(nearestValueRow(times, [7, null, null, 9], 1, 2)).toBe(0);
  expect(nearestValueRow(times, [null, null, null, 9], 1, 2)).toBeNull();
});

test("a union of lists is ascending without repeats", () => {
  expect(unionOf([[1, 3], [], [2, 3, 4]])).toEqual([1, 2, 3, 4]);
});
