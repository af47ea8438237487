import type { Schemas } from "@/api/client";

import { stretchesOf, type Stretch } from "@/features/satellite/data/episodes";
import {
  forecastSetOf,
  horizonOf,
  mergeForecasts,
  newestMadeAt,
  trimForecasts,
  type Forecasts,
  type ForecastSet,
} from "@/features/satellite/data/plot/forecast-set";
import type { MissionRule } from "@/features/satellite/data/judgement";
import { contactsOf } from "@/features/satellite/data/passes";
import {
  addMarks,
  marksOf,
  trimMarks,
  type JudgedSampleSet,
  type Marks,
} from "@/features/satellite/data/marks";
import type { Window } from "@/features/satellite/data/time-span";
import {
  buildPlot,
  EMPTY_PLOT,
  keyOf,
  type Plot,
  type PlotLimits,
} from "@/features/satellite/data/plot/plot-data";
import {
  mergeSamples,
  samplesOf,
  trimSamples,
  type Samples,
  type Telemetry,
} from "@/features/satellite/data/plot/samples";

type Alert = Schemas["Alert"];

/** How far before the newest sample the console asks again, for samples that come late. */
const LATE_S = 60;

/** All that the charts of one view draw. It is changed in place and holds no more than the time axis shows. */
export class LiveData {
  /** Time of the newest sample in Unix seconds; null without samples. */
  newest: number | null = null;
  private samples: Samples | null = null;
  private readonly forecasts = new Map<string, ForecastSet>();
  private readonly loadedForecasts = new Map<string, Forecasts>();
  private readonly marks: Marks = new Map();
  private alerts: readonly Alert[] = [];
  private planned: readonly Window[] = [];
  private readonly stretches = new Map<string, Stretch[]>();
  private askedUntil = 0;

  constructor(private readonly reasons: ReadonlySet<string>) {}

  /** Times of the contact plan's passes. */
  get contacts(): readonly Window[] {
    return this.planned;
  }

  get isLoaded(): boolean {
    return this.samples !== null;
  }

  /** Replaces the passes of the contact plan. */
  setPasses(passes: Parameters<typeof contactsOf>[0]): void {
    this.planned = contactsOf(passes);
  }

  /** Replaces all samples. */
  load(telemetry: Telemetry): void {
    this.samples = samplesOf(telemetry);
    this.noteEnd(telemetry);
  }

  /** Adds the newest samples. */
  merge(telemetry: Telemetry): void {
    if (!this.samples) return;
    mergeSamples(this.samples, telemetry);
    this.noteEnd(telemetry);
  }

  /** Since when to ask for news: a minute before the newest sample, or before the last answer of a silent satellite. */
  samplesSince(): number {
    return Math.max(this.newest ?? 0, this.askedUntil - LATE_S) - LATE_S;
  }

  /** Replaces the forecasts of a subsystem; the answer that was loaded last changes nothing. */
  loadForecasts(answer: Forecasts): void {
    if (this.loadedForecasts.get(answer.subsystem) === answer) return;
    this.loadedForecasts.set(answer.subsystem, answer);
    this.forecasts.set(answer.subsystem, forecastSetOf(answer));
  }

  mergeForecasts(answer: Forecasts): void {
    const known = this.forecasts.get(answer.subsystem);
    this.forecasts.set(answer.subsystem, known ? mergeForecasts(known, answer) : forecastSetOf(answer));
  }

  forecastsSince(subsystem: string, otherwise: number): number {
    const known = this.forecasts.get(subsystem);
    const newest = known ? newestMadeAt(known) : null;
    return newest === null ? otherwise : newest - LATE_S;
  }

  horizonS(): number {
    return Math.max(0, ...[...this.forecasts.values()].map(horizonOf));
  }

  /** Adds verdicts; those that came on the live line stay when a list arrives that was read before them. */
  addVerdicts(verdicts: readonly JudgedSampleSet[]): void {
    addMarks(this.marks, verdicts, this.reasons);
  }

  setAlerts(alerts: readonly Alert[]): void {
    this.alerts = alerts;
    this.stretches.clear();
  }

  marksOf(subsystem: string, channel: string, rules: readonly MissionRule[]): number[] {
    return marksOf(this.marks, subsystem, channel, rules);
  }

  stretchesOf(subsystem: string, channel: string): Stretch[] {
    const key = keyOf(subsystem, channel);
    const known = this.stretches.get(key) ?? stretchesOf(this.alerts, subsystem, channel);
    this.stretches.set(key, known);
    return known;
  }

  /** Drops what the axis has left behind. */
  trim(start: number): void {
    if (this.samples) trimSamples(this.samples, start);
    for (const set of this.forecasts.values()) trimForecasts(set, start);
    trimMarks(this.marks, start);
  }

  plot(limits: PlotLimits): Plot {
    return this.samples ? buildPlot(this.samples, this.forecasts, limits) : EMPTY_PLOT;
  }

  /** Counts of what is held, for a test that following takes no memory. */
  get size(): { samples: number; forecasts: number; marks: number } {
    const forecasts = [...this.forecasts.values()].reduce((sum, { byJob }) => sum + byJob.size, 0);
    return { samples: this.samples?.times.length ?? 0, forecasts, marks: this.marks.size };
  }

  private noteEnd(telemetry: Telemetry): void {
    this.newest = this.samples?.times.at(-1) ?? null;
    this.askedUntil = Date.parse(telemetry.end_time) / 1000;
  }
}
