import { expect, test } from "vitest";

import { readEnvironment } from "@/config/env";

test("an environment without keys takes the console's own address", () => {
  expect(readEnvironment({}).VITE_API_URL).toBe("");
});

test("an error names every wrong key", () => {
  expect(() => readEnvironment({ VITE_API_URL: "nowhere", VITE_FLOWER_URL: 5 })).toThrow(
    /VITE_API_URL[\s\S]*VITE_FLOWER_URL/,
  );
});
