"""A series that somebody brings: uploaded, sent once, its forecast drawn; a shell sends the same."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from testbed.browser import Operator
from testbed.running_platform import Platform

pytestmark = pytest.mark.e2e
SATELLITE = "E2E-CONSOLE-SERIES"


@pytest.fixture
def forgotten(platform: Platform) -> Iterator[None]:
    """Delete afterwards what was submitted for the satellite."""
    yield
    platform.forget(SATELLITE)


@pytest.mark.usefixtures("forgotten")
def test_an_uploaded_column_becomes_a_forecast_and_one_job(
    sit_down: Callable[..., Operator], platform: Platform, tmp_path: Path
) -> None:
    recording = tmp_path / "flight.csv"
    rows = [f"2026-01-01T00:00:{step:02d}Z,{20 + step % 6},{3.9 - step / 100}" for step in range(40)]
    recording.write_text("\n".join(["time,temperature,voltage", *rows]), encoding="utf-8")
    page = sit_down().open(f"/inference?horizon=4&satellite={SATELLITE}")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload a file").click()
    chooser.value.set_files(recording)
    page.get_by_label("Column of flight.csv").select_option("voltage")
    expect(page.get_by_text("40 values")).to_be_visible()
    command = page.get_by_text("curl -X POST").inner_text()
    page.get_by_role("button", name="Submit").dblclick()
    expect(page.get_by_role("table", name="Forecast in numbers").get_by_role("row")).to_have_count(5)
    expect(page.get_by_role("link", name="Open the job")).to_be_visible()
    assert len(platform.jobs(SATELLITE)) == 1

    answer = subprocess.run(
        ["sh"], input=command.replace("curl", "curl -s", 1), capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout)["status"] == "pending"
    assert len(platform.jobs(SATELLITE)) == 2


def test_a_job_opened_from_the_list_shows_its_stages_and_verdicts(sit_down: Callable[..., Operator]) -> None:
    page = sit_down().open("/jobs?status=completed")
    page.get_by_role("table", name="Jobs, newest first").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Time per stage")).to_be_visible()
    expect(page.get_by_text("Waited for a worker").first).to_be_visible()
    expect(page.get_by_text("an anomaly above 0.7").first).to_be_visible()
