import { getRouteApi, useRouter } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";

import { addressOf, widen, type Window } from "@/features/satellite/data/time-span";
import type { SatelliteSearch } from "@/features/satellite/search";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** The entry before this one is the same view, not zoomed in. */
    isZoom?: boolean;
  }
}

const route = getRouteApi("/satellites/$satelliteId");

/** Changes parts of the address; the browser's back returns. */
export function useAddress() {
  const navigate = route.useNavigate();
  return useCallback(
    (change: Partial<SatelliteSearch>, isZoom = false) =>
      void navigate({
        search: (before) => ({ ...before, ...change }),
        state: isZoom ? { isZoom } : {},
        resetScroll: false,
      }),
    [navigate],
  );
}

/** Zooming in adds to the address; zooming out takes back what was zoomed, else widens what is shown. */
export function useZoom(shown: () => Window, now: () => number) {
  const change = useAddress();
  const router = useRouter();
  return useMemo(
    () => ({
      zoom: (window: Window) => change(addressOf(window), true),
      zoomOut: () => {
        if (router.state.location.state.isZoom) router.history.back();
        else change(addressOf(widen(shown(), now())));
      },
    }),
    [change, router, shown, now],
  );
}
