import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";

import { DataTable } from "@/components/data-table";

const tableOf = (value: string) => (
  <MantineProvider env="test">
    <DataTable
      columns={[{ id: "name", header: "Name", cell: () => <a href="/x">{value}</a> }]}
      rows={[{ name: "a" }]}
      rowKey={({ name }) => name}
      caption="Names"
    />
  </MantineProvider>
);

test("what has the focus keeps it while the table's content is renewed", () => {
  const { rerender } = render(tableOf("before"));
  screen.getByRole("link", { name: "before" }).focus();
  rerender(tableOf("after"));
  expect(screen.getByRole("link", { name: "after" })).toHaveFocus();
});
