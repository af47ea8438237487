import type uPlot from "uplot";

import type { LiveData } from "@/features/satellite/data/live-data";
import {
  alignedData,
  EMPTY_PLOT,
  nearestRow,
  nearestValueRow,
  type ChannelPlot,
  type Plot,
  type PlotLimits,
} from "@/features/satellite/data/plot/plot-data";
import type { Value } from "@/features/satellite/data/plot/samples";
import { axisOf, type Span, type Window } from "@/features/satellite/data/time-span";

/** Values of one channel at the cursor. */
export type Reading = Record<
  "min" | "max" | "forecast" | "lower50" | "upper50" | "lower90" | "upper90",
  Value
>;

const NOTHING = { left: -10, top: -10 };

/**
 * The charts of one view, drawn together once per frame from the same data, on one time axis with one cursor. React
 * builds the charts; values go into them past React.
 */
export class ChartGroup {
  plot: Plot = EMPTY_PLOT;
  axis: Window = { start: 0, end: 1 };
  /** Server's time in Unix seconds. */
  now = Date.now() / 1000;
  /** Time at the cursor in Unix seconds; null while it is nowhere. */
  cursorTime: number | null = null;
  private readonly charts = new Map<string, uPlot>();
  private readonly drawListeners = new Set<() => void>();
  private readonly cursorListeners = new Set<() => void>();
  private frame = 0;
  private isStale = true;
  private isKeyboard = false;
  private pointerEvent: MouseEvent | undefined;
  private span: Span = { kind: "live", range: "15m", lengthS: 900 };
  private limits: PlotLimits = { maxGapS: 60, pixelS: 1 };

  constructor(readonly data: LiveData) {}

  /** Sets what the axis shows. */
  show(span: Span, limits: PlotLimits): void {
    this.span = span;
    this.limits = limits;
    this.redraw();
  }

  /** Moves the axis on to the server's time. */
  follow(now: number): void {
    this.now = now;
    this.redraw();
  }

  /** Adds or (null) removes the chart of a channel. */
  attach(key: string, chart: uPlot | null): void {
    if (!chart) {
      this.charts.delete(key);
      return;
    }
    this.charts.set(key, chart);
    if (!this.isStale) chart.setData(alignedData(this.plot, this.plot.channels.get(key)));
  }

  /** Draws all charts with the next frame. */
  redraw(): void {
    this.isStale = true;
    this.frame ||= requestAnimationFrame(() => this.draw());
  }

  stop(): void {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  readonly onDraw = (listener: () => void): (() => void) => {
    this.drawListeners.add(listener);
    return () => this.drawListeners.delete(listener);
  };

  readonly onCursor = (listener: () => void): (() => void) => {
    this.cursorListeners.add(listener);
    return () => this.cursorListeners.delete(listener);
  };

  channel(key: string): ChannelPlot | undefined {
    return this.plot.channels.get(key);
  }

  /** Follows the pointer over one chart; the others follow that one. */
  followPointer(chart: uPlot): void {
    const { event, left } = chart.cursor;
    if (!event) return;
    if (event !== this.pointerEvent) this.isKeyboard = false;
    this.pointerEvent = event;
    if (this.isKeyboard) return;
    this.moveCursor(left === undefined || left < 0 ? null : chart.posToVal(left, "x"));
  }

  /** Moves the cursor by rows of what is drawn; from nowhere it starts at the newest sample. */
  stepCursor(rows: number): void {
    const { times } = this.plot;
    const from = nearestRow(times, this.cursorTime ?? this.data.newest ?? this.axis.end);
    const wanted = Math.min(Math.max(this.cursorTime === null ? from : from + rows, 0), times.length - 1);
    const time = times[wanted];
    if (time === undefined || time < this.axis.start || time > this.axis.end) return;
    this.isKeyboard = true;
    this.moveCursor(time);
    this.placeCursors();
  }

  clearCursor(): void {
    this.moveCursor(null);
    this.isKeyboard = true;
    this.placeCursors();
  }

  /** Values of a channel at the cursor, or the nearest within a few pixels. */
  readingOf(key: string): Reading | null {
    const channel = this.plot.channels.get(key);
    if (!channel || this.cursorTime === null) return null;
    const { times, stepS } = this.plot;
    const row = nearestRow(times, this.cursorTime);
    const tolerance = Math.max(2 * stepS, 4 * this.limits.pixelS);
    const at = nearestValueRow(times, channel.max, row, tolerance);
    const expected = nearestValueRow(times, channel.forecast, row, tolerance);
    const value = (values: Value[], found: number | null) =>
      found === null ? null : (values[found] ?? null);
    return {
      min: value(channel.min, at),
      max: value(channel.max, at),
      forecast: value(channel.forecast, expected),
      lower50: value(channel.lower50, expected),
      upper50: value(channel.upper50, expected),
      lower90: value(channel.lower90, expected),
      upper90: value(channel.upper90, expected),
    };
  }

  private moveCursor(time: number | null): void {
    const row = time === null ? -1 : nearestRow(this.plot.times, time);
    this.cursorTime = this.plot.times[row] ?? null;
    for (const listener of this.cursorListeners) listener();
  }

  private placeCursors(): void {
    for (const chart of this.charts.values()) {
      const left = this.cursorTime === null ? -10 : chart.valToPos(this.cursorTime, "x");
      chart.setCursor(left < 0 ? NOTHING : { left, top: 1 }, false);
    }
  }

  private draw(): void {
    this.frame = 0;
    this.axis = axisOf(this.span, this.now, this.data.horizonS());
    if (this.span.kind === "live") this.data.trim(this.axis.start);
    this.plot = this.data.plot(this.limits);
    this.isStale = false;
    for (const [key, chart] of this.charts)
      chart.setData(alignedData(this.plot, this.plot.channels.get(key)));
    queueMicrotask(() => this.finish());
  }

  /** After the charts' own microtasks: all is on the canvas. */
  private finish(): void {
    if (this.isKeyboard) this.placeCursors();
    if (this.data.isLoaded) this.markDrawn();
    for (const listener of this.drawListeners) listener();
    for (const listener of this.cursorListeners) listener();
  }

  private markDrawn(): void {
    performance.clearMarks("satellite:drawn");
    performance.mark("satellite:drawn");
  }
}
