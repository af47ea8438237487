"""Generated requests against the OpenAPI document: the server never fails and answers as it says."""

import os
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import CheckFunction, load_all_checks, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from operation_server.http.limits import STREAMS
from telemetry_core.postgres.database import open_pool
from telemetry_core.search import SearchEngine
from tests.integration.servers.running_api import RunningApi
from tests.integration.servers.search_server import SearchServer
from verdict_relay.relay import Relay
from verdict_relay.sinks import SearchSink

pytestmark = pytest.mark.integration

CASES = int(os.environ.get("SCHEMATHESIS_CASES", "500"))
CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
RELAY_TIMEOUT_S = 30


@pytest.mark.usefixtures("emptied_index")
def test_generated_requests_never_break_the_contract(api: RunningApi, search_server: SearchServer) -> None:
    owner = open_pool(api.database, max_connections=1)
    # The relay waits longer than an answer of the API may take: the first index takes seconds.
    Relay(owner, SearchSink(SearchEngine(search_server.url, answer_timeout_s=RELAY_TIMEOUT_S))).step()
    owner.close()
    load_all_checks()
    schema = schemathesis.openapi.from_url(f"{api.url}/openapi.json").exclude(path=list(STREAMS))
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(operations) > 20
    statuses: set[int] = set()

    @settings(
        max_examples=CASES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(data=st.data())
    def send_generated_request(data: Any) -> None:
        operation = data.draw(st.sampled_from(operations))
        mode = data.draw(st.sampled_from(list(schemathesis.GenerationMode)))
        case = data.draw(operation.as_strategy(generation_mode=mode))
        answer = case.call(timeout=20)
        case.validate_response(answer, checks=CHECKS)
        statuses.add(answer.status_code)

    send_generated_request()
    assert {200, 404, 422} <= statuses
