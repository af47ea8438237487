import "@mantine/core/styles.css";
import "@astrouxds/tokens/dist/css/base.system.css";
import "@astrouxds/tokens/dist/css/theme.light.css";
import "uplot/dist/uPlot.min.css";
import "@/app/styles.css";

import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { startTranslations } from "@/app/i18n";
import { router } from "@/app/router";
import { theme } from "@/app/theme";
import { env } from "@/config/env";
import { LiveConnection } from "@/lib/live/live";
import { LiveProvider } from "@/lib/live/live-context";
import { createQueryClient } from "@/lib/query";

const root = document.getElementById("root");
if (!root) throw new Error("index.html holds no element #root");

startTranslations();
createRoot(root).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="dark"
      colorSchemeManager={localStorageColorSchemeManager({ key: "satellite-telemetry.theme" })}
    >
      <QueryClientProvider client={createQueryClient()}>
        <LiveProvider
          verdicts={new LiveConnection(`${env.VITE_API_URL}/api/v1/verdicts/stream`)}
          alarms={new LiveConnection(`${env.VITE_API_URL}/api/v1/alarms/events`)}
        >
          <RouterProvider router={router} />
        </LiveProvider>
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
