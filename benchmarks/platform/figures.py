"""Figures as they are printed and as they go into a JSON file."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table: what was measured, once a round."""

    name: str
    unit: str
    values: Sequence[float]
    decimals: int = 0

    def line(self) -> str:
        low, middle, high = min(self.values), statistics.median(self.values), max(self.values)
        cells = "".join(f"{value:>12,.{self.decimals}f}" for value in (low, middle, high))
        return f"  {self.name:<58}{cells}  {self.unit} ({len(self.values)})"

    def document(self) -> dict[str, Any]:
        values = [round(value, 6) for value in self.values]
        return {"name": self.name, "unit": self.unit, "median": statistics.median(values), "values": values}


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """One line of the table: many samples of one quantity."""

    name: str
    unit: str
    samples: Sequence[float]

    def line(self) -> str:
        cells = "".join(f"{value:>12,.1f}" for value in self._percentiles())
        return f"  {self.name:<58}{cells}  {self.unit} ({len(self.samples)})"

    def document(self) -> dict[str, Any]:
        names = ("p50", "p99", "max")
        found = dict(zip(names, (round(value, 3) for value in self._percentiles()), strict=True))
        return {"name": self.name, "unit": self.unit, "samples": len(self.samples), **found}

    def _percentiles(self) -> list[float]:
        return [float(value) for value in np.percentile(self.samples, [50, 99, 100])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One benchmark's part of the report."""

    title: str
    explanation: str
    lines: Sequence[Figure | Distribution]

    def text(self) -> str:
        is_distribution = isinstance(self.lines[0], Distribution)
        headings = ("p50", "p99", "max") if is_distribution else ("min", "median", "max")
        head = f"{self.title:<60}" + "".join(f"{name:>12}" for name in headings) + "  unit (count)"
        return "\n".join([head, *(line.line() for line in self.lines), f"  {self.explanation}", ""])

    def document(self) -> dict[str, Any]:
        figures = [line.document() for line in self.lines]
        return {"title": self.title, "explanation": self.explanation, "figures": figures}


def ratio(name: str, ours: Figure, bare: Figure) -> Figure:
    """Divide round by round: both sides of a quotient saw the same machine."""
    values = [a / b for a, b in zip(ours.values, bare.values, strict=True)]
    return Figure(name=name, unit="of bare", values=values, decimals=3)
