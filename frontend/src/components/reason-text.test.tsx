import { screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { useReasonText } from "@/components/reason-text";
import { renderView } from "@/testing/render";

function Reason({ name }: { name: string }) {
  return <p>{useReasonText()(name)}</p>;
}

test.each([
  ["no_data", "No data"],
  ["battery_current_no_data", "No data of battery_current"],
  ["a_rule_of_the_mission", "a_rule_of_the_mission"],
])("the reason %s reads %s", async (name, text) => {
  renderView(() => <Reason name={name} />, { path: "/", at: "/" });
  expect(await screen.findByText(text)).toBeVisible();
});
