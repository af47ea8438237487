import { useMemo, useState } from "react";

import type { Alarm } from "@/features/alerts/states";

/** Which alerts an operator selected; what is not shown, or acknowledged meanwhile, does not count. */
export type Selection = {
  has: (alarmId: string) => boolean;
  set: (ids: string[], isSelected: boolean) => void;
};

/** A selection that begins empty. */
export function useSelection(): Selection {
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  return useMemo(
    () => ({
      has: (alarmId) => selected.has(alarmId),
      set: (ids, isSelected) =>
        setSelected((before) => {
          const next = new Set(before);
          for (const id of ids)
            if (isSelected) next.add(id);
            else next.delete(id);
          return next;
        }),
    }),
    [selected],
  );
}

/** Whether an alert can be acknowledged. */
export function isSelectable({ acknowledged_at }: Alarm): boolean {
  return acknowledged_at === null;
}
