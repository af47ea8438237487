import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import {
  createMemoryHistory,
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  RouterProvider,
} from "@tanstack/react-router";
import { render } from "@testing-library/react";
import type { ReactNode } from "react";
import type { ZodType } from "zod";

import { theme } from "@/app/theme";
import { LiveConnection } from "@/lib/live/live";
import { LiveProvider } from "@/lib/live/live-context";
import { createQueryClient } from "@/lib/query";

const never: typeof fetch = () => new Promise(() => undefined);

/** Renders one view at an address as the console does, with live lines that stay silent, unless a test gives one. */
export function renderView(
  view: () => ReactNode,
  {
    path,
    at,
    search,
    alarms = new LiveConnection("/stream", never),
    verdicts: connection = new LiveConnection("/stream", never),
  }: { path: string; at: string; search?: ZodType; alarms?: LiveConnection; verdicts?: LiveConnection },
) {
  const root = createRootRoute({ component: Outlet });
  const shown = createRoute({
    getParentRoute: () => root,
    path,
    component: view,
    ...(search ? { validateSearch: (value: unknown) => search.parse(value) as Record<string, unknown> } : {}),
  });
  const everywhere = createRoute({ getParentRoute: () => root, path: "$", component: () => null });
  const router = createRouter({
    routeTree: root.addChildren([shown, everywhere]),
    history: createMemoryHistory({ initialEntries: [at] }),
  });
  return {
    router,
    connection,
    alarms,
    ...render(
      <MantineProvider theme={theme} env="test">
        <QueryClientProvider client={createQueryClient()}>
          <LiveProvider verdicts={connection} alarms={alarms}>
            <RouterProvider router={router as never} />
          </LiveProvider>
        </QueryClientProvider>
      </MantineProvider>,
    ),
  };
}

/** Answers of the API by path, for views that are tested without a server; an unknown path fails the test's request. */
export function answerWith(answers: Record<string, unknown>): typeof fetch {
  return (input) => {
    const { pathname } = new URL(input instanceof Request ? input.url : String(input), "http://localhost");
    if (!(pathname in answers))
      return Promise.resolve(Response.json({ detail: `no answer for ${pathname}` }, { status: 404 }));
    const answer = answers[pathname];
    return Promise.resolve(answer instanceof Response ? answer.clone() : Response.json(answer));
  };
}
