"""The file of routes as operators write it: the example is valid, and a mistake is named with its line."""

from pathlib import Path

import pytest

from alarm_notifier.__main__ import load_notifications
from telemetry_core.contract.errors import InvalidFile

EXAMPLE = Path(__file__).parents[3] / "notify" / "example.yaml"
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_DUTY_SECRET", KEY)
    monkeypatch.setenv("NOTIFY_LEAD_URL", "json://127.0.0.1")


@pytest.mark.usefixtures("secrets")
def test_the_example_is_valid_and_uses_every_type_of_target() -> None:
    found = load_notifications(str(EXAMPLE))
    assert {target.type for target in found.targets.values()} == {"webhook", "alertmanager", "apprise"}
    assert found.routes[0].escalate_after_s == {3600: "lead"}


def test_without_a_file_nobody_is_told() -> None:
    found = load_notifications("")
    assert (dict(found.targets), list(found.routes)) == ({}, [])


@pytest.mark.usefixtures("secrets")
@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("min_severity: warning", "min_severity: bad", "routes.0.min_severity: "),
        ("repeat_s: 1800", "repeat_s: 5", "routes.0.repeat_s: "),
        ("zone: Asia/Seoul", "zone: Seoul", "routes.2.quiet_hours.zone: "),
        ("  site: {", "  duty: {", "duty is given twice"),
        ("${NOTIFY_LEAD_URL}", "${PATH}", "only variables whose names begin with NOTIFY_"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_no_secret(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = tmp_path / "notify.yaml"
    text = EXAMPLE.read_text()
    assert old in text
    changed = text.replace(old, new, 1)
    path.write_text(changed)
    line = 1 + changed[: changed.rindex(new)].count("\n")
    with pytest.raises(InvalidFile) as refused:
        load_notifications(str(path))
    said = str(refused.value)
    assert said.startswith(f"{path}:{line}: ")
    assert message in said
    assert KEY not in said


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"nowhere\.yaml"):
        load_notifications(str(tmp_path / "nowhere.yaml"))
