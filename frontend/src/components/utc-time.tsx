import { formatUtc } from "@/lib/time";

/** A time in UTC; `UTC` stands beside it. */
export function UtcTime({
  time,
  milliseconds = false,
}: {
  time: string | null | undefined;
  milliseconds?: boolean;
}) {
  if (!time) return <span className="dimmed">–</span>;
  return (
    <time dateTime={time} className="utc-time">
      {formatUtc(time, { milliseconds })} <abbr title="Coordinated Universal Time">UTC</abbr>
    </time>
  );
}
