import { useState } from "react";

import type { Alert } from "@/features/alerts/states";

/** Which alerts an operator selected; what is not shown, or acknowledged meanwhile, does not count. */
export type Selection = {
  has: (alertId: string) => boolean;
  set: (ids: string[], isSelected: boolean) => void;
};

/** A selection that begins empty. */
export function useSelection(): Selection {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  return {
    has: (alertId) => selected.has(alertId),
    set: (ids, isSelected) =>
      setSelected((before) => {
        const next = new Set(before);
        for (const id of ids)
          if (isSelected) next.add(id);
          else next.delete(id);
        return next;
      }),
  };
}

/** Whether an alert can be acknowledged. */
export function isSelectable({ acknowledgement }: Alert): boolean {
  return acknowledgement === null;
}
