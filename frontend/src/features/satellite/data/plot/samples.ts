import type { Schemas } from "@/api/client";

export type Telemetry = Schemas["Telemetry"];
export type Value = number | null;
export interface Column {
  subsystem: string;
  channel: string;
  min: Value[];
  max: Value[];
}

/**
 * Samples in columns on one list of ascending times (Unix seconds), changed in place. `stepS` > 0: extremes of
 * intervals that start at multiples of it; 0: the samples themselves.
 */
export interface Samples {
  stepS: number;
  times: number[];
  columns: Column[];
}

/** Takes over an answer. */
export function samplesOf(telemetry: Telemetry): Samples {
  const samples: Samples = {
    stepS: telemetry.step_s,
    times: [],
    columns: telemetry.channels.map(({ subsystem, channel }) => ({ subsystem, channel, min: [], max: [] })),
  };
  mergeSamples(samples, telemetry);
  return samples;
}

/**
 * Adds a newer answer over the same channels: by time, so that a late sample lands in its place and a repeated one
 * changes nothing. Where the samples are extremes of intervals, newer ones widen theirs.
 */
export function mergeSamples(samples: Samples, newer: Telemetry): void {
  const keys = newer.times.map((time, row) => (isBreak(newer, row) ? null : startOf(time, samples.stepS)));
  const earliest = keys.find((key) => key !== null);
  if (earliest === undefined) return;
  const first = lowerBound(samples.times, earliest);
  const tail = [...new Set([...samples.times.slice(first), ...keys.filter((key) => key !== null)])];
  tail.sort((a, b) => a - b);
  const rowOf = new Map(tail.map((time, row) => [time, row]));
  const oldRows = samples.times.slice(first).map((time) => rowOf.get(time) ?? 0);
  const newRows = keys.map((key) => (key === null ? undefined : rowOf.get(key)));
  const incoming = new Map(
    newer.channels.map((channel) => [`${channel.subsystem}/${channel.channel}`, channel]),
  );
  for (const column of samples.columns) {
    const from = incoming.get(`${column.subsystem}/${column.channel}`);
    replaceTail(column.min, first, tail.length, oldRows, newRows, from?.min ?? [], Math.min);
    replaceTail(column.max, first, tail.length, oldRows, newRows, from?.max ?? [], Math.max);
  }
  replaceFrom(samples.times, first, tail);
}

/** Drops what is older than `start`, so that following for days takes no more memory than following for minutes. */
export function trimSamples(samples: Samples, start: number): void {
  const count = lowerBound(samples.times, start - samples.stepS);
  if (count === 0) return;
  samples.times.splice(0, count);
  for (const column of samples.columns) {
    column.min.splice(0, count);
    column.max.splice(0, count);
  }
}

/** Index of the first of ascending values that is not below `wanted`. */
export function lowerBound(values: readonly number[], wanted: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((values[middle] ?? Infinity) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBreak(telemetry: Telemetry, row: number): boolean {
  return telemetry.channels.every(({ min }) => (min[row] ?? null) === null);
}

function startOf(time: number, stepS: number): number {
  if (stepS === 0) return time;
  const stepMs = Math.round(stepS * 1000);
  return (Math.floor(Math.round(time * 1000) / stepMs) * stepMs) / 1000;
}

function replaceTail(
  values: Value[],
  first: number,
  length: number,
  oldRows: number[],
  newRows: (number | undefined)[],
  incoming: Value[],
  pick: (a: number, b: number) => number,
): void {
  const tail = new Array<Value>(length).fill(null);
  oldRows.forEach((row, index) => (tail[row] = values[first + index] ?? null));
  newRows.forEach((row, index) => {
    const value = incoming[index] ?? null;
    if (row === undefined || value === null) return;
    const before = tail[row] ?? null;
    tail[row] = before === null ? value : pick(before, value);
  });
  replaceFrom(values, first, tail);
}

function replaceFrom<T>(values: T[], first: number, tail: readonly T[]): void {
  values.length = first;
  for (const value of tail) values.push(value);
}
