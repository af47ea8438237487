import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds a running platform. */
const platform = process.env.PLATFORM_URL ?? "http://localhost";

export default defineConfig({
  plugins: [react()],
  resolve: { tsconfigPaths: true },
  build: { target: "es2022", sourcemap: false, assetsInlineLimit: 0, chunkSizeWarningLimit: 700 },
  server: { proxy: { "/api": { target: platform, ws: true }, "/docs": platform, "/openapi.json": platform } },
  test: {
    environment: "jsdom",
    globals: false,
    testTimeout: 30_000,
    setupFiles: ["src/testing/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
  },
});
