import { fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";

import { InferenceView } from "@/features/inference/inference-view";
import { searchSchema } from "@/features/inference/search";
import { answerWith, renderView } from "@/testing/render";

vi.mock("@/components/charts/chart", async (original) => ({
  ...(await original<object>()),
  Chart: () => null,
}));
afterEach(() => vi.unstubAllGlobals());

const mission = {
  name: "default",
  model: { name: "lstm_timeseries", version: "1" },
  models: ["lstm_timeseries", "moving_average"],
  window: { length: 64, max_span_s: 900, max_gap_s: 60 },
  anomaly_threshold: 0.7,
  max_horizon: 64,
  min_points: 10,
  max_points: 10_000,
  subsystems: [
    {
      name: "eps",
      horizon: 10,
      channels: [
        { name: "battery_voltage", unit: "V", is_flag: false, is_feature: true, nominal: null, metric: null },
        { name: "heater", unit: "", is_flag: true, is_feature: false, nominal: null, metric: null },
      ],
      rules: [],
    },
  ],
};

test("a wrong number is named by its line, and nothing can be sent", async () => {
  vi.stubGlobal("fetch", answerWith({ "/api/v1/mission": mission }));
  renderView(InferenceView, { path: "/inference", at: "/inference", search: searchSchema });
  const field = await screen.findByLabelText("Values, oldest first");
  fireEvent.change(field, { target: { value: "1\ntwo\n3" } });
  expect(await screen.findByText("Line 2: 'two' is not a number.")).toBeVisible();
  expect(screen.getByRole("button", { name: "Submit" })).toBeDisabled();
});

test("the server's refusal stands at the field that it is about", async () => {
  const refusal = {
    type: "about:blank",
    title: "Unprocessable Content",
    status: 422,
    detail: "body.config.forecast_horizon: too long",
    instance: "/api/v1/inference/submit",
    errors: [{ field: "body.config.forecast_horizon", message: "too long" }],
  };
  const answers = {
    "/api/v1/mission": mission,
    "/api/v1/inference/submit": Response.json(refusal, { status: 422 }),
  };
  vi.stubGlobal("fetch", answerWith(answers));
  renderView(InferenceView, { path: "/inference", at: "/inference?horizon=64", search: searchSchema });
  fireEvent.click(await screen.findByRole("button", { name: "Fill in an example" }));
  expect(screen.getByText(/^curl -X POST/)).toHaveTextContent('"forecast_horizon":64');
  fireEvent.click(screen.getByRole("button", { name: "Submit" }));
  await waitFor(() => expect(screen.getByLabelText("Horizon (steps ahead)")).toBeInvalid());
  expect(screen.getByText("too long")).toBeVisible();
});

test("the interval is optional, and what is typed is sent for the chosen channel", async () => {
  vi.stubGlobal("fetch", answerWith({ "/api/v1/mission": mission }));
  renderView(InferenceView, { path: "/inference", at: "/inference", search: searchSchema });
  fireEvent.click(await screen.findByRole("button", { name: "Fill in an example" }));
  const curl = () => screen.getByText(/^curl -X POST/);
  expect(curl()).toHaveTextContent('"config":{}');
  const interval = screen.getByLabelText("Sampling interval (s)");
  fireEvent.change(interval, { target: { value: "0.25" } });
  await waitFor(() => expect(curl()).toHaveTextContent('"config":{"interval_s":0.25}'));
  const channel = screen.getByLabelText("Channel");
  expect(channel).not.toHaveTextContent("heater");
  fireEvent.change(channel, { target: { value: "eps.battery_voltage" } });
  await waitFor(() => expect(curl()).toHaveTextContent('"subsystems":{"eps":{"battery_voltage":[25,26.19,'));
  fireEvent.change(interval, { target: { value: "" } });
  await waitFor(() => expect(curl()).toHaveTextContent('"config":{}'));
});
