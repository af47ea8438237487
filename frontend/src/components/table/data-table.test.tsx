import { MantineProvider } from "@mantine/core";
import { render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";

import { DataTable, type Column } from "@/components/table/data-table";

type Item = { id: string; value: number };

test("what has the focus keeps it while the columns are renewed", () => {
  const table = (text: string) => (
    <MantineProvider env="test">
      <DataTable
        columns={[{ id: "name", header: "Name", cell: () => <a href="/x">{text}</a> }]}
        rows={[{ id: "a" }]}
        rowKey={({ id }) => id}
        caption="Items"
      />
    </MantineProvider>
  );
  const { rerender } = render(table("before"));
  screen.getByRole("link", { name: "before" }).focus();
  rerender(table("after"));
  expect(screen.getByRole("link", { name: "after" })).toHaveFocus();
});

test("a row that moved is not drawn anew, one that changed is", () => {
  const cell = vi.fn((item: Item) => item.value);
  const columns: Column<Item>[] = [{ id: "value", header: "Value", cell: ({ row }) => cell(row.original) }];
  const table = (rows: Item[]) => (
    <MantineProvider env="test">
      <DataTable columns={columns} rows={rows} rowKey={({ id }) => id} caption="Items" />
    </MantineProvider>
  );
  const { rerender } = render(table([{ id: "a", value: 1 }]));
  cell.mockClear();
  rerender(
    table([
      { id: "b", value: 2 },
      { id: "a", value: 1 },
    ]),
  );
  expect(cell.mock.calls).toEqual([[{ id: "b", value: 2 }]]);
  rerender(
    table([
      { id: "b", value: 2 },
      { id: "a", value: 3 },
    ]),
  );
  expect(screen.getAllByRole("cell").map(({ textContent }) => textContent)).toEqual(["2", "3"]);
});
