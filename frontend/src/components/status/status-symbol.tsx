import type { Schemas } from "@/api/client";

export type Status = Schemas["SatelliteState"]["state"];

/** Worst first, as the sum of many statuses shows the worst. */
export const STATUSES: readonly Status[] = ["critical", "serious", "caution", "off", "standby", "normal"];

const SHAPES: Record<Status, React.ReactNode> = {
  critical: <path d="M8 1.5 15 14H1Z" />,
  serious: <path d="M8 .8 15.2 8 8 15.2.8 8Z" />,
  caution: <path d="M2 2h12v12H2Z" />,
  normal: <circle cx="8" cy="8" r="6.5" />,
  standby: (
    <>
      <circle cx="8" cy="8" r="3" />
      <circle cx="8" cy="8" r="6" fill="none" strokeWidth="1.8" />
    </>
  ),
  off: (
    <>
      <circle cx="8" cy="8" r="6" fill="none" strokeWidth="1.8" />
      <path d="M4 12 12 4" fill="none" strokeWidth="1.8" />
    </>
  ),
};

/** A status of Astro UXDS: colour and shape; the words beside it are the caller's or, with `label`, its name to readers. */
export function StatusSymbol({
  status,
  label,
  size = 16,
}: {
  status: Status;
  label?: string;
  size?: number;
}) {
  const color = `var(--status-${status})`;
  return (
    <svg
      className="status-symbol"
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill={color}
      stroke={color}
      strokeWidth="0"
      data-status={status}
      {...(label ? { role: "img", "aria-label": label } : { "aria-hidden": true })}
    >
      {SHAPES[status]}
    </svg>
  );
}
