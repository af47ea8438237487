"""Cursor arithmetic and the requests of the sinks."""

from datetime import UTC, datetime, timedelta

import orjson

from tests.unit.verdict_relay.test_documents import verdict
from verdict_relay.relay import MAX_BACKOFF_S, PAGE, backoff_s, lag_s
from verdict_relay.sinks import INDEX_BODY, bulk_lines, index_name

NOW = datetime(2025, 10, 30, 12, 0, tzinfo=UTC)


def test_backoff_grows_and_is_bounded() -> None:
    assert backoff_s(1) <= 0.5
    assert MAX_BACKOFF_S / 2 <= backoff_s(50) <= MAX_BACKOFF_S


def test_full_page_tells_how_far_behind_it_is() -> None:
    page = [verdict(completed_at=NOW - timedelta(seconds=90))] * PAGE
    assert lag_s(page, NOW) == 90


def test_page_that_is_not_full_is_not_behind() -> None:
    assert lag_s([verdict(completed_at=NOW - timedelta(days=9))], NOW) == 0
    assert lag_s([], NOW) == 0


def test_index_names_sort_as_generations_do() -> None:
    assert sorted(map(index_name, (10, 9, 1))) == [index_name(1), index_name(9), index_name(10)]


def test_bulk_pairs_each_document_with_its_key() -> None:
    body = bulk_lines([verdict(), verdict(subsystem="eps")])
    lines = [orjson.loads(line) for line in body.splitlines()]
    assert body.endswith(b"\n")
    assert [line["index"]["_id"].rpartition("/")[2] for line in lines[::2]] == ["comm", "eps"]
    assert [line["subsystem"] for line in lines[1::2]] == ["comm", "eps"]


def test_strange_metadata_can_not_change_the_mapping() -> None:
    assert INDEX_BODY["mappings"]["dynamic"] is False
    assert INDEX_BODY["mappings"]["properties"]["metadata"]["enabled"] is False
