import { expect, test } from "vitest";

import { numericColumns, readColumns, readSeries } from "@/features/inference/series";

const bounds = { least: 3, most: 6 };

test.each([
  ["1, 2, 3", [1, 2, 3]],
  ["1\n2\r\n3\n", [1, 2, 3]],
  ["1;2; -3.5e2", [1, 2, -350]],
  ["[1, 2, 3]", [1, 2, 3]],
  ["", []],
])("%j holds %j", (text, values) => {
  expect(readSeries(text, bounds)).toEqual({ values, problems: [] });
});

test("what is no number is named with its line", () => {
  expect(readSeries("1\n2\nabc 4", bounds).problems).toEqual([{ kind: "notNumber", line: 3, text: "abc" }]);
  expect(readSeries("1 NaN Infinity", bounds).problems).toHaveLength(2);
});

test("too short and too long series are refused before the server is asked", () => {
  expect(readSeries("1 2", bounds).problems).toEqual([{ kind: "tooFew", count: 2, least: 3 }]);
  expect(readSeries("1 2 3 4 5 6 7", bounds).problems).toEqual([{ kind: "tooMany", count: 7, most: 6 }]);
});

test("JSON that is none, or holds something else, is refused", () => {
  expect(readSeries("[1, 2", bounds).problems[0]?.kind).toBe("notJson");
  expect(readSeries('[1, "2", 3]', bounds).problems).toEqual([{ kind: "notSeries" }]);
});

test("columns of a file have the names of its first row", () => {
  const columns = readColumns('time,"battery_voltage"\n2026-01-01,3.9\n2026-01-02,4.0\n');
  expect(columns).toEqual([
    { name: "time", values: ["2026-01-01", "2026-01-02"] },
    { name: "battery_voltage", values: ["3.9", "4.0"] },
  ]);
  expect(numericColumns(columns).map(({ name }) => name)).toEqual(["battery_voltage"]);
});

test("a file of numbers alone has numbered columns", () => {
  expect(readColumns("1;2\n3;4")).toEqual([
    { name: "1", values: ["1", "3"] },
    { name: "2", values: ["2", "4"] },
  ]);
});
