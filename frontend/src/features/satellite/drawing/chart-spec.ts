import type { Mission } from "@/api/get-mission";
import type { ChartChannel, MissionRule } from "@/features/satellite/data/judgement";
import { keyOf } from "@/features/satellite/data/plot/plot-data";

/** One chart: a channel that has telemetry. */
export interface ChartSpec {
  key: string;
  subsystem: string;
  channel: ChartChannel;
  rules: readonly MissionRule[];
}

/** What an address chooses: subsystems with the charts of each; what the mission does not know falls back. */
export interface Choice {
  /** Null: all. */
  subsystem: string | null;
  /** Null: all. */
  channels: string[] | null;
  groups: { subsystem: string; specs: ChartSpec[] }[];
  offered: string[];
}

export const ALL = "all";

type MissionChannel = Mission["subsystems"][number]["channels"][number];

function chartChannel({ name, unit, is_flag, nominal }: MissionChannel): ChartChannel {
  const [low, high] = nominal ?? [];
  return {
    name,
    unit,
    isFlag: is_flag,
    nominal: low === undefined || high === undefined ? null : [low, high],
  };
}

export function choose(
  { subsystems }: Mission,
  { subsystem, channels }: { subsystem?: string | undefined; channels?: readonly string[] | undefined },
): Choice {
  const known = subsystems.find(({ name }) => name === subsystem) ?? subsystems[0];
  const shown = subsystem === ALL || !known ? subsystems : [known];
  const specs = shown.flatMap(({ name, rules, channels: all }) =>
    all
      .filter(({ metric }) => metric !== null)
      .map((channel) => ({
        key: keyOf(name, channel.name),
        subsystem: name,
        channel: chartChannel(channel),
        rules,
      })),
  );
  const offered = [...new Set(specs.map(({ channel }) => channel.name))];
  const wanted = offered.filter((name) => channels?.includes(name));
  const isShown = (spec: ChartSpec) => wanted.length === 0 || wanted.includes(spec.channel.name);
  return {
    subsystem: shown.length === 1 && subsystem !== ALL ? (shown[0]?.name ?? null) : null,
    channels: wanted.length === 0 ? null : wanted,
    groups: shown
      .map(({ name }) => ({
        subsystem: name,
        specs: specs.filter((spec) => spec.subsystem === name && isShown(spec)),
      }))
      .filter((group) => group.specs.length > 0),
    offered,
  };
}
