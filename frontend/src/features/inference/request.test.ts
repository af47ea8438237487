import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";

import { curlOf, requestOf } from "@/features/inference/request";

test("what is not chosen is not sent", () => {
  expect(requestOf({}, "lstm_timeseries", [1, 2])).toEqual({
    model_name: "lstm_timeseries",
    data: [1, 2],
    config: {},
  });
  expect(requestOf({ horizon: 3, window: 20, satellite: "SAT-1" }, "m", [1])).toMatchObject({
    config: { forecast_horizon: 3, window_size: 20 },
    metadata: { satellite_id: "SAT-1" },
  });
});

test("a channel and its interval are sent as the API takes them", () => {
  expect(requestOf({ channel: "eps.battery_voltage", interval: 0.1 }, "m", [1, 2])).toEqual({
    model_name: "m",
    subsystems: { eps: { battery_voltage: [1, 2] } },
    config: { interval_s: 0.1 },
  });
});

test("a shell hands curl exactly the body that the button sends, also a long one", () => {
  const values = Array.from({ length: 10_000 }, (_, index) => -1 / (index + 3));
  const request = { ...requestOf({ satellite: "SAT-1" }, "it's $HOME `id` \\", values) };
  const script = curlOf("http://localhost", request).replace(/^curl .*--data-binary @-/, "cat");
  const body = execFileSync("sh", { input: script, encoding: "utf8" });
  expect(JSON.parse(body)).toEqual(request);
});
