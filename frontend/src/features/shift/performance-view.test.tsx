import { screen, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { floodOf, stepsOf } from "@/features/shift/components/rates";
import { format } from "@/features/shift/components/indicators";
import { PerformanceView } from "@/features/shift/performance-view";
import { searchSchema } from "@/features/shift/search";
import { aPerformance, anIndicator } from "@/features/shift/testing";
import { renderView } from "@/testing/render";

afterEach(() => vi.unstubAllGlobals());

function show(performance = aPerformance(), at = "/performance") {
  const asked: string[] = [];
  vi.stubGlobal("fetch", (request: Request) => {
    asked.push(new URL(request.url).search);
    return Promise.resolve(Response.json(performance));
  });
  renderView(PerformanceView, { path: "/performance", at, search: searchSchema });
  return asked;
}

test("rates are drawn with what a reader of the screen needs to know of them", async () => {
  show(aPerformance({ per_interval: [3, 0, 14, 0, 0, 0], count: 17 }));
  expect(await screen.findByText("17 alarms raised")).toBeVisible();
  expect(
    screen.getByRole("img", {
      name: "Alarms raised in each 10 minutes: 14 at most; a flood begins above 10",
    }),
  ).toBeVisible();
});

test("operators who share the alarms are asked for, and the flood's line is theirs", async () => {
  const performance = aPerformance({ operators: 3 });
  const asked = show(performance, "/performance?operators=3");
  await screen.findByRole("img");
  expect(asked[0]).toBe("?operators=3");
  expect(floodOf(performance)).toBe(30);
});

test("the most frequent reasons and what operators said stand by rule", async () => {
  const rule = { subsystem: "eps", reason: "low_battery" };
  const counts = { false_alarm: 5, rare_nominal: 2, true_alarm: 1, known: 0 };
  show(
    aPerformance({
      most_frequent: [
        { ...rule, satellite_id: "SAT-001", kind: "limit", count: 2, chattering: 1 },
        { ...rule, satellite_id: "platform", kind: "platform", subsystem: "kafka", count: 1, chattering: 0 },
      ],
      feedback: {
        by_rule: [{ ...rule, ...counts }],
        by_day: [{ day: "2026-11-25", ...counts }],
        by_channel: [{ subsystem: "eps", channel: "battery_voltage", ...counts }],
        by_model: [
          { model_name: "lstm", model_version: "1", calibration_hash: "0123456789abcdef", ...counts },
          { model_name: "vae", model_version: null, calibration_hash: null, ...counts },
        ],
      },
    }),
  );
  const frequent = within(await screen.findByRole("table", { name: "Ten most frequent" }));
  expect(frequent.getByRole("row", { name: /SAT-001/ })).toHaveTextContent("Low batteryLimit breach2167 %");
  expect(frequent.queryByRole("link", { name: /platform/i })).toBeNull();
  const said = within(screen.getByRole("table", { name: "What operators said of alarms, by rule" }));
  expect(said.getByRole("row", { name: /Low battery/ })).toHaveTextContent("Low battery5210");
  for (const [caption, row] of [
    ["By channel", /battery_voltage5210/],
    ["By model", /lstm 10123456789ab5210/],
    ["By model", /vae –5210/],
    ["By day (UTC)", /2026-11-255210/],
  ] as const)
    expect(screen.getByRole("table", { name: caption })).toHaveTextContent(row);
});

test("a refused span says why", async () => {
  vi.stubGlobal("fetch", () =>
    Promise.resolve(Response.json({ detail: "end_time must not lie in the future" }, { status: 422 })),
  );
  renderView(PerformanceView, { path: "/performance", at: "/performance", search: searchSchema });
  expect(await screen.findByRole("alert")).toHaveTextContent("end_time must not lie in the future");
});

test.each([
  [anIndicator({ name: "flood_share" }), 0.0104, "1 %"],
  [anIndicator({ name: "acknowledged_p90_s" }), 125, "2 m 5 s"],
  [anIndicator({ name: "alarms_per_operator_hour" }), 6.666, "6.67"],
  [anIndicator({ name: "stale" }), null, "–"],
])("indicators are shown in their own unit", ({ name }, value, shown) => {
  expect(format(name, value)).toBe(shown);
});

test("steps begin and end at the base and are one interval wide each", () => {
  expect(stepsOf([10, 90], 100)).toBe("M0 100V10h1V90h1V100Z");
});
