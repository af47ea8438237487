import type { ChannelShare } from "@/features/alerts/api/get-alert";
import { stripOf } from "@/features/alerts/data/evidence";

/** The words below it as a drawing: nominal range, 90 % band, expected value (line) and actual value (diamond). */
export function RangeStrip({ channel }: { channel: ChannelShare }) {
  const strip = stripOf(channel);
  if (!strip) return null;
  const at = (x: number) => `${x}%`;
  return (
    <svg className="range-strip" width="100%" height="20" aria-hidden>
      <line x1="0" x2="100%" y1="10" y2="10" className="range-line" />
      {strip.nominal && (
        <rect
          x={at(strip.nominal.x)}
          width={at(strip.nominal.width)}
          y="3"
          height="14"
          className="range-nominal"
        />
      )}
      {strip.band && (
        <rect x={at(strip.band.x)} width={at(strip.band.width)} y="6" height="8" className="range-band" />
      )}
      {strip.expected !== null && (
        <line x1={at(strip.expected)} x2={at(strip.expected)} y1="3" y2="17" className="range-expected" />
      )}
      {strip.actual !== null && (
        <svg x={at(strip.actual)} y="10" overflow="visible">
          <path d="M0 -7 7 0 0 7 -7 0Z" className="range-actual" />
        </svg>
      )}
    </svg>
  );
}
