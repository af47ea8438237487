import { beforeEach, expect, test } from "vitest";

import { forgetOperatorName, keepKeyName, keepOperatorName, operatorName } from "@/lib/operator-name";

beforeEach(() => {
  localStorage.clear();
  sessionStorage.clear();
});

test("who acted last in this browser acts again, until a key says whose it is", () => {
  expect(operatorName()).toBe("");
  localStorage.setItem("satellite-telemetry.operator", "Park");
  expect(operatorName()).toBe("Park");
  keepKeyName("Kim Minji");
  expect(operatorName()).toBe("Kim Minji");
});

test("who uses a shared key in this tab stays, and goes with the key", () => {
  keepKeyName("console 1");
  keepOperatorName("Ada");
  keepKeyName("console 1");
  expect(operatorName()).toBe("Ada");
  forgetOperatorName();
  keepKeyName("Kim Minji");
  expect(operatorName()).toBe("Kim Minji");
});
