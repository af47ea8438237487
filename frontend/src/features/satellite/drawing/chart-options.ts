import uPlot from "uplot";

import { axis, utcDate, type ChartColors, type ChartOptions } from "@/components/charts/chart";

import type { Gap } from "@/features/satellite/data/plot/gaps";
import { formatValue, limitsOf } from "@/features/satellite/data/judgement";
import type { ChannelPlot } from "@/features/satellite/data/plot/plot-data";
import { SHORTEST_S, type Window } from "@/features/satellite/data/time-span";
import type { ChartGroup } from "@/features/satellite/drawing/chart-group";
import type { ChartSpec } from "@/features/satellite/drawing/chart-spec";
import {
  drawContacts,
  drawLimits,
  drawMarks,
  drawNominal,
  drawNow,
  drawStretches,
} from "@/features/satellite/drawing/overlays";
import { TIME_LABEL_PX, timeLabels } from "@/components/charts/time-labels";
import { valueRange } from "@/features/satellite/drawing/value-range";

export const VALUE_AXIS_PX = 64;
export const RIGHT_PX = 20;
const SYNC_KEY = "satellite";
const NO_SELECTION = { left: 0, top: 0, width: 0, height: 0 };

export interface ChartActions {
  zoom: (window: Window) => void;
  zoomOut: () => void;
}

/** How one channel is drawn; the order of the series is that of `alignedData`. */
export function chartOptions(
  spec: ChartSpec,
  colors: ChartColors,
  group: ChartGroup,
  actions: ChartActions,
): ChartOptions {
  const { nominal, isFlag } = spec.channel;
  return {
    tzDate: utcDate,
    legend: { show: false },
    padding: [8, RIGHT_PX, 0, 0],
    scales: {
      x: { time: true, range: () => [group.axis.start, group.axis.end] },
      y: { range: (_, low: number | null, high: number | null) => valueRange(low, high, nominal, isFlag) },
    },
    axes: axesOf(colors, isFlag),
    series: seriesOf(colors, isFlag, () => group.channel(spec.key)),
    bands: bandsOf(colors),
    cursor: cursorOf(actions),
    hooks: hooksOf(spec, colors, group, actions),
  };
}

function axesOf(colors: ChartColors, isFlag: boolean): uPlot.Axis[] {
  return [
    axis(colors, {
      size: 24,
      gap: 3,
      space: TIME_LABEL_PX,
      values: (_, splits, __, ___, increment) => timeLabels(splits, increment),
    }),
    axis(colors, {
      size: VALUE_AXIS_PX,
      gap: 4,
      space: 26,
      values: (_, splits) => splits.map(formatValue),
      ...(isFlag ? { splits: [0, 1] } : {}),
    }),
  ];
}

function seriesOf(colors: ChartColors, isFlag: boolean, plot: () => ChannelPlot | undefined): uPlot.Series[] {
  const edge: uPlot.Series = {
    width: 0,
    points: { show: false },
    gaps: gapsIn(() => plot()?.forecastGaps),
  };
  const line: uPlot.Series = {
    stroke: colors.actual,
    width: 1.25,
    points: { size: 4 },
    gaps: gapsIn(() => plot()?.gaps),
    ...(isFlag && uPlot.paths.stepped ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
  };
  const forecast: uPlot.Series = { ...edge, stroke: colors.forecast, width: 1.5, dash: [5, 4] };
  return [{}, edge, edge, edge, edge, forecast, line, line];
}

function bandsOf({ actual, forecast }: ChartColors): uPlot.Band[] {
  return [
    { series: [1, 2], fill: `${forecast}26` },
    { series: [3, 4], fill: `${forecast}4d` },
    { series: [6, 7], fill: `${actual}66` },
  ];
}

/** Only true gaps cut a line: rows where another channel or a forecast stands do not. */
function gapsIn(gaps: () => readonly Gap[] | undefined): uPlot.Series.GapsRefiner {
  return (u) =>
    (gaps() ?? []).map(([from, to]) => [
      Math.floor(u.valToPos(from, "x", true)),
      Math.ceil(u.valToPos(to, "x", true)),
    ]);
}

function cursorOf({ zoomOut }: ChartActions): uPlot.Cursor {
  return {
    y: false,
    points: { show: false },
    drag: { x: true, y: false, setScale: false, dist: 4 },
    sync: { key: SYNC_KEY, setSeries: false, scales: ["x", null] },
    bind: {
      dblclick: () => () => {
        zoomOut();
        return null;
      },
    },
  };
}

function hooksOf(
  { subsystem, channel, rules }: ChartSpec,
  colors: ChartColors,
  group: ChartGroup,
  { zoom }: ChartActions,
): uPlot.Hooks.Arrays {
  const limits = limitsOf(channel.name, rules);
  return {
    drawClear: [
      (u) => {
        u.ctx.save();
        drawContacts(u, group.data.contacts, colors.contact);
        if (channel.nominal) drawNominal(u, channel.nominal, colors.nominal);
        const heardUntil = group.data.newest ?? group.axis.start;
        drawStretches(u, group.data.stretchesOf(subsystem, channel.name), heardUntil, colors);
        drawLimits(u, limits, colors.limit);
        u.ctx.restore();
      },
    ],
    draw: [
      (u) => {
        u.ctx.save();
        drawMarks(u, group.data.marksOf(subsystem, channel.name, rules), colors.limit);
        drawNow(u, group.now, colors.text);
        u.ctx.restore();
      },
    ],
    setCursor: [(u) => group.followPointer(u)],
    setSelect: [(u) => finishSelection(u, zoom)],
  };
}

/** Each chart shows the selection; the one under the pointer turns it into a zoom. */
function finishSelection(u: uPlot, zoom: ChartActions["zoom"]): void {
  const { left, width } = u.select;
  const isSource = Boolean(u.cursor.event);
  const [start, end] = [u.posToVal(left, "x"), u.posToVal(left + width, "x")];
  u.setSelect(NO_SELECTION, false);
  if (isSource && width > 0 && end - start >= SHORTEST_S) zoom({ start, end });
}
