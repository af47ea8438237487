import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";

import { TimeRangeFields } from "@/components/controls/time-range-fields";

test("a time is typed in UTC with 24 hours; what is none changes nothing and says what one looks like", async () => {
  const onChange = vi.fn();
  render(
    <MantineProvider env="test">
      <TimeRangeFields from="2026-03-01T21:30:00Z" to={undefined} onChange={onChange} />
    </MantineProvider>,
  );
  expect(screen.getByLabelText("From (UTC)")).toHaveValue("2026-03-01 21:30:00");
  await userEvent.type(screen.getByLabelText("To (UTC)"), "11:59 PM{Enter}");
  expect(onChange).not.toHaveBeenCalled();
  expect(screen.getByText("As in 2026-01-31 13:05:00")).toBeVisible();
  await userEvent.clear(screen.getByLabelText("To (UTC)"));
  await userEvent.type(screen.getByLabelText("To (UTC)"), "2026-03-01 23:59{Enter}");
  expect(onChange).toHaveBeenLastCalledWith({ from: "2026-03-01T21:30:00Z", to: "2026-03-01T23:59:00Z" });
  await userEvent.clear(screen.getByLabelText("From (UTC)"));
  await userEvent.tab();
  expect(onChange).toHaveBeenLastCalledWith({ from: undefined, to: undefined });
});
