import { screen, within } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { answerWith, renderView } from "@/testing/render";

import type { Pipeline } from "@/features/pipeline/api/get-pipeline";
import { PipelineView } from "@/features/pipeline/pipeline-view";
import { aPipeline, partsOff } from "@/features/pipeline/testing";

afterEach(() => {
  vi.unstubAllGlobals();
});

function show(answer: Pipeline | Response) {
  vi.stubGlobal("fetch", answerWith({ "/api/v1/pipeline": answer }));
  return renderView(PipelineView, { path: "/pipeline", at: "/pipeline" });
}

const panel = async (name: string) => {
  const heading = await screen.findByRole("heading", { level: 2, name });
  const section = heading.closest("section");
  if (!section) throw new Error(`the heading ${name} stands in no section`);
  return within(section);
};

test("without alerts it says that all parts are normal", async () => {
  show(aPipeline());
  const summary = within(await screen.findByRole("region", { name: "Platform alerts" }));
  expect(summary.getByText("All parts normal")).toBeVisible();
});

test("every station of the path has its state in words and leads to its numbers", async () => {
  show(aPipeline());
  const path = within(await screen.findByRole("list", { name: "Path of a message" }));
  const links = path.getAllByRole("link");
  expect(links).toHaveLength(7);
  for (const link of links) expect(link).toHaveTextContent("Normal");
  expect(path.getByRole("link", { name: /Trigger/ })).toHaveAttribute("href", "/pipeline#kafka");
});

test("numbers have units, and the manual's thresholds stand beside them", async () => {
  show(aPipeline());
  const verdicts = await panel("Verdicts");
  expect(verdicts.getByText("59.4").closest("dd")).toHaveTextContent("59.4 ms");
  expect(verdicts.getByText("99.9").closest("dd")).toHaveTextContent("99.9 %> 95 % normal");
  const kafka = await panel("Kafka");
  expect(kafka.getByText("Lag: 0 good, > 0 waiting, > 1000 late")).toBeVisible();
  expect(kafka.getByRole("row", { name: /victoria-consumer-group/ })).toHaveTextContent("Waiting");
});

test("alerts stand worst first, with part and message", async () => {
  const pipeline = aPipeline();
  pipeline.alerts = [
    { part: "kafka", state: "caution", message: "17 dead letters" },
    { part: "workers", state: "critical", message: "no worker answers" },
  ];
  show(pipeline);
  const summary = within(await screen.findByRole("region", { name: "Platform alerts" }));
  expect(summary.getAllByRole("listitem").map((item) => item.textContent)).toEqual([
    "CriticalWorkersno worker answers",
    "CautionKafka17 dead letters",
  ]);
  expect(summary.queryByText("All parts normal")).toBeNull();
});

test("a part that is off says what to do, and its numbers are unknown, not zero", async () => {
  show(partsOff("database"));
  const database = await panel("Database (PostgreSQL)");
  expect(database.getByText("No answer")).toBeVisible();
  expect(database.getByText("database: no answer within 2 s: see its log")).toBeVisible();
  expect(database.getAllByText("unknown")).toHaveLength(6);
  expect(database.queryByText("0")).toBeNull();
});

test("while the server is away nothing is said to be normal", async () => {
  show(Response.json({ detail: "The server is busy." }, { status: 503 }));
  expect(await screen.findByRole("alert")).toHaveTextContent("The server is busy.");
  expect(screen.queryByText("All parts normal")).toBeNull();
});

test("what was passed over stands with its count and the last reason", async () => {
  const pipeline = aPipeline();
  pipeline.passed_over.items = [
    {
      what: "verdicts that search refused",
      count: 3,
      newest_at: "2026-03-01T11:59:58Z",
      reason: "kafka-SAT-001-1772366398000/eps: mapper_parsing_exception: no date",
      state: "caution",
    },
  ];
  show(pipeline);
  const row = (await panel("Passed over")).getByRole("row", { name: /verdicts that search refused/ });
  expect(row).toHaveTextContent("3");
  expect(row).toHaveTextContent("no date");
  expect(row).toHaveTextContent("Caution");
});

test("a service that gives no answer is named beside those that do", async () => {
  const pipeline = aPipeline();
  pipeline.services.services.push({ service: "housekeeping", is_running: false });
  show(pipeline);
  const services = await panel("Services");
  expect(services.getByRole("row", { name: /housekeeping/ })).toHaveTextContent("No answer");
  expect(services.getByRole("row", { name: /verdict-relay/ })).toHaveTextContent("Alive");
});

test("other screens open in a tab of their own that cannot reach back", async () => {
  show(aPipeline());
  const tools = within(await screen.findByRole("navigation", { name: "Other screens" }));
  for (const link of tools.getAllByRole("link")) {
    expect(link).toHaveAttribute("target", "_blank");
    expect(link).toHaveAttribute("rel", "noopener");
  }
});

test("before the first verdict it says how to send telemetry", async () => {
  const pipeline = aPipeline();
  pipeline.verdicts.newest_at = null;
  show(pipeline);
  expect((await panel("Verdicts")).getByText(/satellite_simulator\.py/)).toBeVisible();
});
