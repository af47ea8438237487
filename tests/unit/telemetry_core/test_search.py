import pytest

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.search import SearchEngine


def test_a_platform_without_search_says_so_and_names_the_key() -> None:
    with pytest.raises(DependencyUnavailable, match="ELASTICSEARCH_URL is empty"):
        SearchEngine("", answer_timeout_s=1).send("GET", "/")
