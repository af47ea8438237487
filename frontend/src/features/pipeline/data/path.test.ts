import { expect, test } from "vitest";

import { of, stepsOf } from "@/features/pipeline/data/path";
import { aPipeline, partsOff } from "@/features/pipeline/testing";

const step = (pipeline: ReturnType<typeof aPipeline>, name: string) =>
  stepsOf(pipeline).find((one) => one.name === name);

test("a message goes from Kafka over trigger, RabbitMQ, worker, Triton and PostgreSQL to the search", () => {
  expect(stepsOf(aPipeline()).map(({ name }) => name)).toEqual([
    "kafka",
    "trigger",
    "rabbitmq",
    "workers",
    "triton",
    "database",
    "search",
  ]);
});

test("the trigger's state and lag are those of its group", () => {
  const pipeline = aPipeline();
  const [group] = pipeline.kafka.groups;
  if (group) Object.assign(group, { lag: 12_874, state: "serious" });
  expect(step(pipeline, "trigger")).toEqual({
    name: "trigger",
    part: "kafka",
    state: "serious",
    figure: "12,874",
  });
});

test("without Kafka nothing is known of the trigger, and nothing is normal", () => {
  expect(step(partsOff("kafka"), "trigger")).toMatchObject({ state: "off", figure: null });
});

test("tasks that were given up do not wait for a worker", () => {
  const pipeline = aPipeline();
  for (const queue of pipeline.rabbitmq.queues) queue.ready = queue.queue === "dead-letters" ? 7 : 2;
  expect(step(pipeline, "rabbitmq")?.figure).toBe("4");
});

test("a worker that is silent is counted among all, not among the living", () => {
  const pipeline = aPipeline();
  for (const worker of pipeline.workers.workers) worker.is_alive = false;
  expect(step(pipeline, "workers")?.figure).toBe("0 / 1");
});

test("a share is unknown unless both numbers are known", () => {
  expect(of(10, 100)).toBe("10 / 100");
  expect(of(10, null)).toBeNull();
});
