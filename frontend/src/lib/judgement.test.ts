import { expect, test } from "vitest";

import { channelForecasts, contributionsOf, statusOfVerdict } from "@/lib/judgement";

const flat = {
  input_data: { series: [1, 2, 3], newest: { value: 3 } },
  input_features: ["value"],
  predictions: [4, 5],
  bands: { "50": { lower: [3.5, 4], upper: [4.5, 6] }, "90": { lower: [3, 3], upper: [5, 7] } },
};

test("a series and its forecast are one channel", () => {
  expect(channelForecasts(flat)).toEqual([
    {
      channel: "value",
      past: [1, 2, 3],
      steps: [
        { predicted: 4, lower50: 3.5, upper50: 4.5, lower90: 3, upper90: 5 },
        { predicted: 5, lower50: 4, upper50: 6, lower90: 3, upper90: 7 },
      ],
    },
  ]);
});

test("telemetry has a forecast for each feature and knows the newest sample", () => {
  const [voltage, current] = channelForecasts({
    input_data: { newest: { voltage: 3, current: -2 } },
    input_features: ["voltage", "current"],
    predictions: [[3.1, -2.1]],
    bands: null,
  });
  expect(voltage?.past).toEqual([3]);
  expect(current?.steps).toEqual([
    { predicted: -2.1, lower50: null, upper50: null, lower90: null, upper90: null },
  ]);
});

test("several series of a subsystem keep their names before anything is judged", () => {
  const pending = {
    input_data: { series: { a: [1], b: [2] } },
    input_features: null,
    predictions: null,
    bands: 7,
  };
  expect(channelForecasts(pending)).toEqual([
    { channel: "a", past: [1], steps: [] },
    { channel: "b", past: [2], steps: [] },
  ]);
});

test("an input that says nothing has no channels", () => {
  expect(channelForecasts({ input_data: "?", input_features: null, predictions: null, bands: null })).toEqual(
    [],
  );
});

test("the channel that made most of the score comes first", () => {
  const found = contributionsOf({
    contributions: { a: { residual: 0.1 }, b: { residual: 0.2, statistics: 0.5 } },
  });
  expect(found.map(({ channel, share }) => [channel, share])).toEqual([
    ["b", 0.7],
    ["a", 0.1],
  ]);
  expect(found[0]?.families[0]?.[0]).toBe("statistics");
});

test("only a nominal verdict is normal", () => {
  expect(statusOfVerdict("nominal", "completed")).toBe("normal");
  expect(statusOfVerdict("anomalous", "completed")).toBe("serious");
  expect(statusOfVerdict("warming_up", "completed")).toBe("standby");
  expect(statusOfVerdict("learning", "completed")).toBe("standby");
  expect(statusOfVerdict(null, "pending")).toBe("standby");
  expect(statusOfVerdict(null, "failed")).toBe("caution");
});
