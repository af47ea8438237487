import logging

import pytest

from operation_server.http.access_log import LOGGERS, leave_out_queries


@pytest.mark.parametrize("name", LOGGERS)
@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('%s - "%s %s HTTP/%s" %d', ("127.0.0.1:7", "GET", "/api/v1/fleet?api_key=secret", "1.1", 401)),
        ('%s - "WebSocket %s" [accepted]', ("127.0.0.1:7", "/ws/verdicts?ticket=secret")),
    ],
)
def test_no_key_and_no_ticket_reaches_the_log(
    caplog: pytest.LogCaptureFixture, name: str, text: str, arguments: tuple[object, ...]
) -> None:
    leave_out_queries()
    with caplog.at_level(logging.INFO, logger=name):
        logging.getLogger(name).info(text, *arguments)
    (line,) = caplog.messages
    assert "secret" not in line
    assert "/" in line
