import type { LimitValues, TriedAlarms, Tried } from "@/features/limits/api/limits";

/** So many alarms a list tells. */
const MOST_TOLD = 20;

/** Puts trials of one satellite each, over the same days, together. */
export function joined(parts: readonly Tried[]): Tried | null {
  const [first, ...rest] = parts;
  if (first === undefined) return null;
  return rest.reduce(
    (whole, part) => ({
      ...whole,
      satellites: [...whole.satellites, ...part.satellites],
      before: added(whole.before, part.before),
      after: added(whole.after, part.after),
      appearing: listed(whole.appearing, part.appearing),
      vanishing: listed(whole.vanishing, part.vanishing),
      missed: listed(whole.missed, part.missed),
      feedback: calledTogether(whole.feedback, part.feedback),
    }),
    first,
  );
}

/** Whose curve tells most: where the most alarms come or go, else where the most are. */
export function mostChanged({ satellites }: Tried): string | null {
  const weight = ({ before, after }: Tried["satellites"][number]) =>
    Math.abs(after - before) + Math.max(after, before) / 1e6;
  const heard = satellites.filter(({ samples }) => samples > 0);
  return heard.sort((one, other) => weight(other) - weight(one))[0]?.satellite_id ?? null;
}

/** The values that a limit sets, as lines of a chart. */
export function boundsOf({ below, above, equals }: LimitValues): number[] {
  return [below, above, equals].filter((bound) => bound !== null);
}

type Rate = Tried["before"];

const added = (one: Rate, other: Rate): Rate => ({
  count: one.count + other.count,
  per_day: one.per_day + other.per_day,
  per_operator_hour: one.per_operator_hour + other.per_operator_hour,
});

const listed = (one: TriedAlarms, other: TriedAlarms): TriedAlarms => ({
  count: one.count + other.count,
  alarms: [...one.alarms, ...other.alarms]
    .sort((a, b) => Date.parse(a.started_at) - Date.parse(b.started_at))
    .slice(0, MOST_TOLD),
});

function calledTogether(one: Tried["feedback"], other: Tried["feedback"]): Tried["feedback"] {
  const known = new Map(one.map((called) => [called.feedback, called]));
  for (const called of other) {
    const { count = 0, before = 0, after = 0 } = known.get(called.feedback) ?? {};
    known.set(called.feedback, {
      feedback: called.feedback,
      count: count + called.count,
      before: before + called.before,
      after: after + called.after,
    });
  }
  return [...known.values()].sort((a, b) => a.feedback.localeCompare(b.feedback));
}
