import pytest

from telemetry_core.settings import Settings
from verdict_relay.__main__ import _sinks


@pytest.mark.parametrize(
    ("url", "names"),
    [("http://search.example:9200", ["search", "results", "metrics"]), ("", ["results", "metrics"])],
)
def test_search_is_a_sink_where_there_is_one(url: str, names: list[str]) -> None:
    assert [sink.name for sink in _sinks(Settings(elasticsearch_url=url))] == names
