import type { Schemas } from "@/api/client";
import { STATUSES } from "@/components/status/status-symbol";

type PipelineAlert = Schemas["PipelineAlert"];

/** What hinders the work: a part that is off hinders more than one that needs care. */
const SEVERITY: readonly PipelineAlert["state"][] = ["critical", "serious", "off", "caution"];

/** Alerts worst first; equal ones keep the order of the path. */
export function worstFirst(alerts: readonly PipelineAlert[]): PipelineAlert[] {
  return alerts.toSorted((one, other) => rank(one.state) - rank(other.state));
}

function rank(state: PipelineAlert["state"]): number {
  const place = SEVERITY.indexOf(state);
  return place === -1 ? SEVERITY.length + STATUSES.indexOf(state) : place;
}
