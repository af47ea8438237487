import type uPlot from "uplot";

import type { Stretch } from "@/features/satellite/data/episodes";
import type { Window } from "@/features/satellite/data/time-span";

const HATCH_PX = 8;
const MARK_PX = 5;
const CONTACT_BAR_PX = 2;

const opaque = (color: string): string => color.slice(0, 7);

/** The nominal range as a soft band with dashed edges. */
export function drawNominal(u: uPlot, [low, high]: readonly [number, number], fill: string): void {
  const { ctx, bbox } = u;
  const clamp = (y: number) => Math.min(Math.max(y, bbox.top), bbox.top + bbox.height);
  const [top, bottom] = [high, low].map((value) => u.valToPos(value, "y", true));
  if (top === undefined || bottom === undefined) return;
  ctx.fillStyle = fill;
  ctx.globalAlpha = 0.55;
  ctx.fillRect(bbox.left, clamp(top), bbox.width, clamp(bottom) - clamp(top));
  ctx.globalAlpha = 1;
  ctx.strokeStyle = opaque(fill);
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 4]);
  for (const y of [top, bottom]) if (y === clamp(y)) drawLine(ctx, bbox.left, y, bbox.left + bbox.width, y);
  ctx.setLineDash([]);
}

/** Passes of the contact plan as soft stretches of the axis with a bar above. */
export function drawContacts(u: uPlot, contacts: readonly Window[], fill: string): void {
  const { ctx, bbox } = u;
  const right = bbox.left + bbox.width;
  for (const { start, end } of contacts) {
    const from = Math.max(u.valToPos(start, "x", true), bbox.left);
    const to = Math.min(u.valToPos(end, "x", true), right);
    if (from >= to) continue;
    ctx.fillStyle = fill;
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
    ctx.fillStyle = opaque(fill);
    ctx.fillRect(from, bbox.top, to - from, CONTACT_BAR_PX * devicePixelRatio);
  }
}

/** Limits as lines, where the axis reaches them. */
export function drawLimits(u: uPlot, limits: readonly number[], color: string): void {
  const { ctx, bbox } = u;
  ctx.strokeStyle = opaque(color);
  ctx.lineWidth = 1;
  ctx.setLineDash([6, 3]);
  for (const limit of limits) {
    const y = u.valToPos(limit, "y", true);
    if (y >= bbox.top && y <= bbox.top + bbox.height) drawLine(ctx, bbox.left, y, bbox.left + bbox.width, y);
  }
  ctx.setLineDash([]);
}

/** Alerts as stretches of the axis, open ones as far as telemetry goes: anomalies filled with a bar below, limits hatched. */
export function drawStretches(
  u: uPlot,
  stretches: readonly Stretch[],
  heardUntil: number,
  colors: Record<Stretch["kind"], string>,
): void {
  const { ctx, bbox } = u;
  const right = bbox.left + bbox.width;
  for (const { kind, start, end } of stretches) {
    const begin = u.valToPos(start, "x", true);
    const over = Math.max(u.valToPos(Math.min(end, heardUntil), "x", true), begin + 2);
    if (over <= bbox.left || begin >= right) continue;
    const [from, to] = [Math.max(begin, bbox.left), Math.min(over, right)];
    if (kind === "anomaly") drawFilled(ctx, from, to, bbox, colors.anomaly);
    else drawHatched(ctx, from, to, bbox, colors.limit);
  }
}

/** Small triangles on the top edge: here a rule of the mission asked for a verdict. */
export function drawMarks(u: uPlot, times: readonly number[], color: string): void {
  const { ctx, bbox } = u;
  const size = MARK_PX * devicePixelRatio;
  ctx.fillStyle = opaque(color);
  ctx.beginPath();
  let before = -Infinity;
  for (const time of times) {
    const x = Math.round(u.valToPos(time, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width || x === before) continue;
    before = x;
    ctx.moveTo(x - size / 2, bbox.top);
    ctx.lineTo(x + size / 2, bbox.top);
    ctx.lineTo(x, bbox.top + size);
  }
  ctx.fill();
}

/** The line between what was and what is expected. */
export function drawNow(u: uPlot, now: number, color: string): void {
  const { ctx, bbox } = u;
  const x = u.valToPos(now, "x", true);
  if (x <= bbox.left || x >= bbox.left + bbox.width) return;
  ctx.strokeStyle = color;
  ctx.lineWidth = 1;
  ctx.setLineDash([1, 3]);
  drawLine(ctx, x, bbox.top, x, bbox.top + bbox.height);
  ctx.setLineDash([]);
}

function drawFilled(ctx: CanvasRenderingContext2D, from: number, to: number, box: uPlot.BBox, color: string) {
  ctx.fillStyle = color;
  ctx.fillRect(from, box.top, to - from, box.height);
  ctx.fillStyle = opaque(color);
  const bar = 3 * devicePixelRatio;
  ctx.fillRect(from, box.top + box.height - bar, to - from, bar);
}

function drawHatched(
  ctx: CanvasRenderingContext2D,
  from: number,
  to: number,
  box: uPlot.BBox,
  color: string,
) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(from, box.top, to - from, box.height);
  ctx.clip();
  ctx.strokeStyle = opaque(color);
  ctx.globalAlpha = 0.6;
  ctx.lineWidth = 1;
  const step = HATCH_PX * devicePixelRatio;
  const first = Math.floor((from - box.height) / step) * step;
  ctx.beginPath();
  for (let x = first; x < to; x += step) {
    ctx.moveTo(x, box.top + box.height);
    ctx.lineTo(x + box.height, box.top);
  }
  ctx.stroke();
  ctx.globalAlpha = 1;
  drawLine(ctx, from, box.top, from, box.top + box.height);
  drawLine(ctx, to, box.top, to, box.top + box.height);
  ctx.restore();
}

function drawLine(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number): void {
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
}
