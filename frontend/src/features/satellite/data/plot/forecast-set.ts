import type { Schemas } from "@/api/client";

export type Forecast = Schemas["Forecast"];
export type Forecasts = Schemas["Forecasts"];

/** Forecasts of one subsystem by job, in the order in which they were made. */
export interface ForecastSet {
  byJob: Map<string, Forecast>;
  isThinned: boolean;
}

/** Which forecast, and which of its steps, is drawn at each time. */
export interface ForecastLine {
  times: number[];
  sources: Forecast[];
  steps: number[];
}

export function forecastSetOf(answer: Forecasts): ForecastSet {
  return mergeForecasts({ byJob: new Map(), isThinned: answer.is_thinned }, answer);
}

/** Adds a newer answer: a forecast that is there already is not there twice, a late one lands in its place. */
export function mergeForecasts(set: ForecastSet, newer: Forecasts): ForecastSet {
  const all = new Map(set.byJob);
  for (const forecast of newer.forecasts) all.set(forecast.job_id, forecast);
  const sorted = [...all.values()].sort((a, b) => startOf(a) - startOf(b));
  return { byJob: new Map(sorted.map((forecast) => [forecast.job_id, forecast])), isThinned: set.isThinned };
}

/** Drops forecasts whose last step is older than `start`. */
export function trimForecasts(set: ForecastSet, start: number): void {
  for (const [jobId, forecast] of set.byJob) {
    if ((forecast.times.at(-1) ?? 0) >= start) return;
    set.byJob.delete(jobId);
  }
}

/** When the newest forecast was made, in Unix seconds; null without one. */
export function newestMadeAt(set: ForecastSet): number | null {
  const newest = [...set.byJob.values()].at(-1);
  return newest ? Date.parse(newest.made_at) / 1000 : null;
}

/** How far the newest forecast of any channel reaches beyond the sample it was made from, in seconds. */
export function horizonOf(set: ForecastSet): number {
  const newest = [...set.byJob.values()].at(-1);
  if (!newest) return 0;
  const ends = [newest.times, ...Object.values(newest.channels).map(({ times }) => times ?? [])];
  return Math.max(0, ...ends.map((times) => (times.at(-1) ?? 0) - Date.parse(newest.made_at) / 1000));
}

/** Whether a channel's steps lie at other times than those of its subsystem. */
export function hasOwnTimes(set: ForecastSet, channel: string): boolean {
  return [...set.byJob.values()].some((forecast) => forecast.channels[channel]?.times);
}

/** One line of many forecasts, of a channel: each goes as far as the next one's start, the newest to its end. */
export function forecastLine(set: ForecastSet, channel?: string): ForecastLine {
  const line: ForecastLine = { times: [], sources: [], steps: [] };
  const forecasts = [...set.byJob.values()];
  forecasts.forEach((forecast, index) => {
    const next = forecasts[index + 1];
    const until = next ? startOf(next, channel) : Infinity;
    timesOf(forecast, channel).forEach((time, step) => {
      if (time >= until || time <= (line.times.at(-1) ?? -Infinity)) return;
      line.times.push(time);
      line.sources.push(forecast);
      line.steps.push(step);
    });
  });
  return line;
}

/** Time between two steps of a channel's newest forecast, in seconds. */
export function spacingOf(set: ForecastSet, channel: string): number {
  const newest = [...set.byJob.values()].at(-1);
  const times = newest ? timesOf(newest, channel) : [];
  return times.length > 1 ? ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1) : 0;
}

const timesOf = (forecast: Forecast, channel?: string): number[] =>
  (channel === undefined ? null : forecast.channels[channel]?.times) ?? forecast.times;

const startOf = (forecast: Forecast, channel?: string): number =>
  timesOf(forecast, channel)[0] ?? Date.parse(forecast.made_at) / 1000;
