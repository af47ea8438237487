import { z } from "zod";

import type { JobSubsystem } from "@/api/get-job";
import type { Schemas } from "@/api/client";

/** Reading a verdict: what of its loosely typed parts is a number, and which status it stands for. */

export type ForecastStep = {
  predicted: number | null;
  lower50: number | null;
  upper50: number | null;
  lower90: number | null;
  upper90: number | null;
};
export type ChannelForecast = { channel: string; past: (number | null)[]; steps: ForecastStep[] };
export type Contribution = { channel: string; share: number; families: [name: string, share: number][] };

const number = z.number().nullable();
const steps = z.array(z.union([number, z.array(number)]));
const edges = z.object({ lower: steps, upper: steps });
const bandsSchema = z.object({ "50": edges, "90": edges });
const inputSchema = z.object({
  series: z.union([z.array(number), z.record(z.string(), z.array(number))]).optional(),
  newest: z.record(z.string(), number).optional(),
  without_window: z
    .record(z.string(), z.enum(["too few", "too old", "never seen", "not calibrated", "irregular"]))
    .optional(),
});
export type JobInput = z.infer<typeof inputSchema>;
type Steps = z.infer<typeof steps>;

/** What a verdict was made on; empty where nothing is known. */
export function inputOf(subsystem: Pick<JobSubsystem, "input_data">): JobInput {
  return inputSchema.safeParse(subsystem.input_data).data ?? {};
}

/** Past and forecast of each channel that a verdict tells of. */
export function channelForecasts(
  subsystem: Pick<JobSubsystem, "input_data" | "input_features" | "predictions" | "bands">,
): ChannelForecast[] {
  const input = inputOf(subsystem);
  const predictions = steps.safeParse(subsystem.predictions).data ?? [];
  const bands = bandsSchema.safeParse(subsystem.bands).data;
  const at = (all: Steps | undefined, step: number, channel: number) => valueAt(all, step, channel);
  return channelsOf(subsystem.input_features, input).map((channel, index) => ({
    channel,
    past: pastOf(input, channel),
    steps: predictions.map((_, step) => ({
      predicted: at(predictions, step, index),
      lower50: at(bands?.["50"].lower, step, index),
      upper50: at(bands?.["50"].upper, step, index),
      lower90: at(bands?.["90"].lower, step, index),
      upper90: at(bands?.["90"].upper, step, index),
    })),
  }));
}

function valueAt(all: Steps | undefined, step: number, channel: number): number | null {
  const value = all?.[step];
  if (Array.isArray(value)) return value[channel] ?? null;
  return channel === 0 ? (value ?? null) : null;
}

function channelsOf(features: string[] | null, input: JobInput): string[] {
  if (features && features.length > 0) return features;
  if (Array.isArray(input.series)) return ["value"];
  return Object.keys(input.series ?? input.newest ?? {});
}

function pastOf(input: JobInput, channel: string): (number | null)[] {
  if (Array.isArray(input.series)) return input.series;
  const series = input.series?.[channel];
  if (series) return series;
  const newest = input.newest?.[channel];
  return newest === undefined ? [] : [newest];
}

/** Which channels made the score, the greatest share first. */
export function contributionsOf(subsystem: Pick<JobSubsystem, "contributions">): Contribution[] {
  return Object.entries(subsystem.contributions ?? {})
    .map(([channel, parts]) => {
      const families = Object.entries(parts).sort(([, a], [, b]) => b - a);
      return { channel, families, share: families.reduce((sum, [, share]) => sum + share, 0) };
    })
    .sort((a, b) => b.share - a.share);
}

/** Status that a verdict stands for: what is not judged is never normal. */
export function statusOfVerdict(
  verdict: string | null,
  status: Schemas["JobStatus"],
): Schemas["SatelliteState"]["state"] {
  if (status === "failed") return "caution";
  if (verdict === "anomalous") return "serious";
  return verdict === "nominal" ? "normal" : "standby";
}
