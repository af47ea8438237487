"""Addresses in the form that each client takes, and places in a mission file that an error names."""

import pytest
import yaml
from pydantic import ValidationError

from telemetry_core.service.settings import Settings, _line_of


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("victoria_metrics_url", "victoria:8428"),
        ("victoria_metrics_url", "http://"),
        ("elasticsearch_url", "ftp://search:9201"),
        ("triton_server_url", "http://triton:8501"),
        ("triton_server_url", "HTTPS://triton:8501"),
    ],
)
def test_address_in_a_form_that_its_client_does_not_take_is_refused(key: str, address: str) -> None:
    with pytest.raises(ValidationError, match=f"(?s){key}.*must have the form"):
        Settings(**{key: address})  # type: ignore[arg-type]


def test_addresses_in_their_form_are_kept_and_search_may_be_absent() -> None:
    found = Settings(
        victoria_metrics_url="https://victoria:8428", elasticsearch_url="", triton_server_url="triton:8001"
    )
    assert found.victoria_metrics_url == "https://victoria:8428"
    assert (found.elasticsearch_url, found.triton_server_url) == ("", "triton:8001")


TEXT = """\
name: test
subsystems:
  eps:
    rules:
      - channel: volts
        above: 5
      - channel: amps
"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        (("name",), 1),
        (("subsystems", "eps", "rules", 0, "above"), 6),
        (("subsystems", "eps", "rules", 1), 7),
        (("subsystems", "eps", "rules", 2), 4),
        (("subsystems", "eps", "rules", "channel"), 4),
        (("subsystems", "comm"), 2),
        (("name", "first", "letter"), 1),
    ],
)
def test_line_is_that_of_the_deepest_part_that_the_file_holds(
    location: tuple[int | str, ...], line: int
) -> None:
    assert _line_of(yaml.compose(TEXT, Loader=yaml.SafeLoader), location) == line
