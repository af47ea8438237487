import { expect, test } from "vitest";

import { forecastPlot } from "@/components/charts/forecast-plot";

const step = { predicted: 4, lower50: 3, upper50: 5, lower90: 2, upper90: 6 };

test("the forecast follows the series, and its bands open at the last value", () => {
  expect(forecastPlot([1, 2], [step])).toEqual([
    [0, 1, 2],
    [null, 2, 6],
    [null, 2, 2],
    [null, 2, 5],
    [null, 2, 3],
    [1, 2, null],
    [null, 2, 4],
  ]);
});

test("a series without forecast has no forecast line", () => {
  expect(forecastPlot([1, 2], [])[6]).toEqual([null, null]);
});

test("a forecast without past begins at its first step", () => {
  const [x, upper90] = forecastPlot([], [step]);
  expect([x, upper90]).toEqual([[0], [6]]);
});
