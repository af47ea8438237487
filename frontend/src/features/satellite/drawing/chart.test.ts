import uPlot from "uplot";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { Schemas } from "@/api/client";
import { LiveData } from "@/features/satellite/data/live-data";
import { alignedData, EMPTY_PLOT } from "@/features/satellite/data/plot/plot-data";
import { isoOf } from "@/features/satellite/data/time-span";
import { ChartGroup } from "@/features/satellite/drawing/chart-group";
import { chartOptions } from "@/features/satellite/drawing/chart-options";

const KEY = "eps/soc";
const COLORS = Object.fromEntries(
  ["actual", "forecast", "grid", "text", "nominal", "anomaly", "limit", "contact"].map((name) => [
    name,
    "#123456",
  ]),
) as Parameters<typeof chartOptions>[1];
const SPEC = {
  key: KEY,
  subsystem: "eps",
  channel: { name: "soc", unit: "%", isFlag: false, nominal: null },
  rules: [],
};

// jsdom has no canvas: one that takes every call and measures every text alike.
const canvas = new Proxy({}, { get: () => () => ({ width: 10 }), set: () => true });

beforeEach(() => {
  vi.stubGlobal("Path2D", function () {
    return canvas;
  });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(canvas as CanvasRenderingContext2D);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function telemetry(stepS: number) {
  const times = [1000, 1100, 1200];
  const values = times.map(() => 50);
  const column = { subsystem: "eps", channel: "soc", metric: "m", unit: "%", min: values, max: values };
  return {
    satellite_id: "SAT-001",
    start_time: isoOf(1000),
    end_time: isoOf(1200),
    strategy: "minmax" as const,
    step_s: stepS,
    times,
    channels: [column],
  };
}

test.each([
  [10, 0],
  [0, 10],
])(
  "the pointer may lie on a chart while the span changes what telemetry is: step %s, then %s",
  async (first, then) => {
    const data = new LiveData(new Set());
    const group = new ChartGroup(data);
    const options = chartOptions(SPEC, COLORS, group, { zoom: vi.fn(), zoomOut: vi.fn() });
    const place = document.body.appendChild(document.createElement("div"));
    const chart = new uPlot(
      { ...options, width: 600, height: 132 },
      alignedData(EMPTY_PLOT, undefined),
      place,
    );
    group.axis = { start: 1000, end: 1200 };
    for (const stepS of [first, then]) {
      data.load(telemetry(stepS));
      const plot = data.plot({ maxGapS: 60, pixelS: 1 });
      chart.setData(alignedData(plot, plot.channels.get(KEY)));
      await Promise.resolve();
      chart.setCursor({ left: 300, top: 10 });
      expect(chart.cursor.idx).toBe(1);
    }
    chart.destroy();
    place.remove();
  },
);

test("an open anomaly is shaded as far as telemetry goes, one before the axis not at all, and the limit is a line", () => {
  const data = new LiveData(new Set());
  data.load(telemetry(0));
  const open = { subsystem: "eps", kind: "anomaly", reason: null, is_open: true };
  const earlier = { ...open, is_open: false, started_at: isoOf(400), last_at: isoOf(600) };
  data.setAlerts([
    earlier as Schemas["Alert"],
    { ...open, started_at: isoOf(1100), last_at: isoOf(1200) } as Schemas["Alert"],
  ]);
  const group = new ChartGroup(data);
  group.now = 1900;
  const rule = {
    channel: "soc",
    below: 30,
    above: null,
    equals: null,
    reason: "low_battery",
    is_contextual: false,
    kind: "limit" as const,
    rate: null,
  };
  const rules = [rule, { ...rule, channel: "voltage", below: 60 }];
  const { hooks } = chartOptions({ ...SPEC, rules }, COLORS, group, { zoom: vi.fn(), zoomOut: vi.fn() });
  const [fillRect, lineTo] = [vi.fn(), vi.fn()];
  const ctx = new Proxy(
    { fillRect, lineTo },
    { get: (own, name) => (Reflect.get(own, name) as unknown) ?? vi.fn() },
  );
  const bbox = { left: 1000, top: 0, width: 1000, height: 100 };
  const drawn = { ctx, bbox, valToPos: (value: number) => value } as unknown as uPlot;
  for (const draw of hooks?.drawClear ?? []) draw?.(drawn);
  expect(fillRect).toHaveBeenNthCalledWith(1, 1100, 0, 100, 100);
  expect(lineTo.mock.calls).toEqual([[2000, 30]]);
});

test("a pass is shaded as far as the axis reaches, with a bar above", () => {
  const data = new LiveData(new Set());
  const pass = (start: number, end: number) => ({ start_time: isoOf(start), end_time: isoOf(end) });
  data.setPasses([pass(0, 1100), pass(1900, 5000), pass(5000, 6000)]);
  const group = new ChartGroup(data);
  const { hooks } = chartOptions(SPEC, COLORS, group, { zoom: vi.fn(), zoomOut: vi.fn() });
  const fillRect = vi.fn();
  const ctx = new Proxy({ fillRect }, { get: (own, name) => (Reflect.get(own, name) as unknown) ?? vi.fn() });
  const bbox = { left: 1000, top: 0, width: 1000, height: 100 };
  const drawn = { ctx, bbox, valToPos: (value: number) => value } as unknown as uPlot;
  for (const draw of hooks?.drawClear ?? []) draw?.(drawn);
  expect(fillRect.mock.calls).toEqual([
    [1000, 0, 100, 100],
    [1000, 0, 100, 2],
    [1900, 0, 100, 100],
    [1900, 0, 100, 2],
  ]);
  data.setPasses([]);
  fillRect.mockClear();
  for (const draw of hooks?.drawClear ?? []) draw?.(drawn);
  expect(fillRect).not.toHaveBeenCalled();
});
