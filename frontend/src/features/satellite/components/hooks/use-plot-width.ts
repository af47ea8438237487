import { useCallback, useState } from "react";

import { RIGHT_PX, VALUE_AXIS_PX } from "@/features/satellite/drawing/chart-options";

/** Widths are rounded up to this, so that a few pixels more or less load nothing anew. */
const GRAIN_PX = 40;
const FALLBACK_PX = 800;

/** Pixels of a chart's time axis, measured on an element as wide as a chart; 0 before the first measurement. */
export function usePlotWidth(): [
  width: number,
  measure: (element: HTMLElement | null) => (() => void) | undefined,
] {
  const [width, setWidth] = useState(0);
  const measure = useCallback((element: HTMLElement | null) => {
    if (!element) return undefined;
    const take = () => {
      const plot = (element.clientWidth || FALLBACK_PX) - VALUE_AXIS_PX - RIGHT_PX;
      setWidth(Math.max(1, Math.ceil(plot / GRAIN_PX)) * GRAIN_PX);
    };
    take();
    const observer = new ResizeObserver(take);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [width, measure];
}
