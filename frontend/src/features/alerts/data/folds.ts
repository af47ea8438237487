import { useMemo, useState } from "react";

import type { Alarm } from "@/features/alerts/states";

/** Which groups of alarms are unfolded. */
export type Folds = { isUnfolded: (alarm: Alarm) => boolean; turn: (alarm: Alarm) => void };

/** All groups are folded at first. */
export function useFolds(): Folds {
  const [unfolded, setUnfolded] = useState<ReadonlySet<string | null>>(new Set());
  return useMemo(
    () => ({
      isUnfolded: ({ group_id }) => unfolded.has(group_id),
      turn: ({ group_id }) =>
        setUnfolded((before) => {
          const next = new Set(before);
          if (!next.delete(group_id)) next.add(group_id);
          return next;
        }),
    }),
    [unfolded],
  );
}
