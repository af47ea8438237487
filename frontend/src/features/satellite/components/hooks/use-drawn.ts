import { useSyncExternalStore } from "react";

import type { ChartGroup } from "@/features/satellite/drawing/chart-group";

/** A value of what is drawn, read again after each drawing; the component renders again only when it differs. */
export function useDrawn<T extends string | number | boolean | null>(group: ChartGroup, read: () => T): T {
  return useSyncExternalStore(group.onDraw, read);
}
