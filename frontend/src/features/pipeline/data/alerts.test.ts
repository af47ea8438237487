import { expect, test } from "vitest";

import { worstFirst } from "@/features/pipeline/data/alerts";

const alert = (part: string, state: "critical" | "serious" | "caution" | "off" | "standby") => ({
  part,
  state,
  message: "",
});

test("the worst alert stands first, and a part that is off before one that needs care", () => {
  const alerts = [
    alert("gpu", "standby"),
    alert("database", "caution"),
    alert("search", "off"),
    alert("kafka", "serious"),
    alert("workers", "critical"),
  ];
  expect(worstFirst(alerts).map(({ part }) => part)).toEqual([
    "workers",
    "kafka",
    "search",
    "database",
    "gpu",
  ]);
});

test("equal alerts keep the order of the path", () => {
  const alerts = [alert("kafka", "caution"), alert("rabbitmq", "caution")];
  expect(worstFirst(alerts)).toEqual(alerts);
});
