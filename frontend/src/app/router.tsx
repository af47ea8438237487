import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";

import { Crashed, NotFound } from "@/app/fallbacks";
import { Shell } from "@/app/shell";
import { searchSchema as alertsSearch } from "@/features/alerts/search";
import { searchSchema as deadLettersSearch } from "@/features/dead-letters/search";
import { searchSchema as fleetSearch } from "@/features/fleet/search";
import { searchSchema as inferenceSearch } from "@/features/inference/search";
import { searchSchema as jobsSearch } from "@/features/jobs/search";
import { searchSchema as pipelineSearch } from "@/features/pipeline/search";
import { searchSchema as satelliteSearch } from "@/features/satellite/search";
import { searchSchema as searchSearch } from "@/features/search/search";
import { searchSchema as shiftSearch } from "@/features/shift/search";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound, errorComponent: Crashed });
const getParentRoute = () => root;

const routes = [
  createRoute({
    getParentRoute,
    path: "/",
    validateSearch: fleetSearch,
    component: lazyRouteComponent(() => import("@/features/fleet/fleet-view"), "FleetView"),
  }),
  createRoute({
    getParentRoute,
    path: "/satellites/$satelliteId",
    validateSearch: satelliteSearch,
    component: lazyRouteComponent(() => import("@/features/satellite/satellite-view"), "SatelliteView"),
  }),
  createRoute({
    getParentRoute,
    path: "/alerts",
    validateSearch: alertsSearch,
    component: lazyRouteComponent(() => import("@/features/alerts/alerts-view"), "AlertsView"),
  }),
  createRoute({
    getParentRoute,
    path: "/alerts/$alertId",
    component: lazyRouteComponent(() => import("@/features/alerts/alert-view"), "AlertView"),
  }),
  createRoute({
    getParentRoute,
    path: "/shift",
    validateSearch: shiftSearch,
    component: lazyRouteComponent(() => import("@/features/shift/shift-view"), "ShiftView"),
  }),
  createRoute({
    getParentRoute,
    path: "/performance",
    validateSearch: shiftSearch,
    component: lazyRouteComponent(() => import("@/features/shift/performance-view"), "PerformanceView"),
  }),
  createRoute({
    getParentRoute,
    path: "/limits",
    component: lazyRouteComponent(() => import("@/features/limits/limits-view"), "LimitsView"),
  }),
  createRoute({
    getParentRoute,
    path: "/jobs",
    validateSearch: jobsSearch,
    component: lazyRouteComponent(() => import("@/features/jobs/jobs-view"), "JobsView"),
  }),
  createRoute({
    getParentRoute,
    path: "/jobs/$jobId",
    component: lazyRouteComponent(() => import("@/features/jobs/job-view"), "JobView"),
  }),
  createRoute({
    getParentRoute,
    path: "/inference",
    validateSearch: inferenceSearch,
    component: lazyRouteComponent(() => import("@/features/inference/inference-view"), "InferenceView"),
  }),
  createRoute({
    getParentRoute,
    path: "/search",
    validateSearch: searchSearch,
    component: lazyRouteComponent(() => import("@/features/search/search-view"), "SearchView"),
  }),
  createRoute({
    getParentRoute,
    path: "/pipeline",
    validateSearch: pipelineSearch,
    component: lazyRouteComponent(() => import("@/features/pipeline/pipeline-view"), "PipelineView"),
  }),
  createRoute({
    getParentRoute,
    path: "/dead-letters",
    validateSearch: deadLettersSearch,
    component: lazyRouteComponent(
      () => import("@/features/dead-letters/dead-letters-view"),
      "DeadLettersView",
    ),
  }),
] as const;

/** The one table of addresses: path, state in the address, view. */
export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
