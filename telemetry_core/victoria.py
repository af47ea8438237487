"""VictoriaMetrics' bulk import: samples as text, and which of them it keeps."""

from collections.abc import Mapping, Sequence
from typing import Final

import requests
import structlog

from telemetry_core.errors import DependencyUnavailable
from telemetry_core.observability import SAMPLES_REFUSED, SAMPLES_WRITTEN

DEPENDENCY: Final = "victoria-metrics"
IMPORT_PATH: Final = "/api/v1/import/prometheus"
RETENTION_S: Final = 365 * 86_400
"""VictoriaMetrics' `-retentionPeriod=1y`: what is older is dropped by it with a 2xx."""
MAX_LEAD_S: Final = 2 * 86_400
"""VictoriaMetrics drops what lies further ahead of its clock, with a 2xx as well."""
CONNECT_TIMEOUT_S: Final = 3.0
ANSWER_TIMEOUT_S: Final = 30.0
CONTENT_ERRORS: Final = frozenset({400, 413, 422})
"""Answers that speak of the lines; any other failure (401, 404, 429, 5xx) is the server's or its set-up's."""

_log = structlog.get_logger(__name__)


def is_kept(generated_us: int, now_us: int) -> bool:
    """Tell whether VictoriaMetrics keeps a sample of this time (microseconds since 1970 UTC)."""
    return now_us - RETENTION_S * 1_000_000 < generated_us < now_us + MAX_LEAD_S * 1_000_000


def sample_line(name: str, labels: Mapping[str, str], value: float, time_us: int) -> str:
    """Render `name{label="..."} value milliseconds`."""
    rendered = ",".join(f'{key}="{escape_label(text)}"' for key, text in labels.items())
    return f"{name}{{{rendered}}} {value!r} {time_us // 1000}"


def escape_label(value: str) -> str:
    """Escape a label's value as the Prometheus text format asks."""
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


class VictoriaMetrics:
    """Client of one VictoriaMetrics server."""

    def __init__(self, base_url: str) -> None:
        self._url = base_url.rstrip("/") + IMPORT_PATH
        self._session = requests.Session()

    def import_samples(self, lines: Sequence[str]) -> None:
        """Return once the server took all lines; a refused batch is halved until only bad lines are left out.

        Sending a line again changes nothing there, so a caller may repeat the whole import.
        """
        waiting = [lines] if lines else []
        while waiting:
            part = waiting.pop()
            refusal = self._post(part)
            if refusal is None:
                SAMPLES_WRITTEN.inc(len(part))
            elif len(part) == 1:
                SAMPLES_REFUSED.inc()
                _log.warning(f"Sample left out, VictoriaMetrics refused it: {refusal}", line=part[0][:200])
            else:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]

    def _post(self, lines: Sequence[str]) -> str | None:
        """Return None after a 2xx, the server's words where it refused the content."""
        body = "\n".join(lines).encode() + b"\n"
        try:
            response = self._session.post(
                self._url, data=body, timeout=(CONNECT_TIMEOUT_S, ANSWER_TIMEOUT_S), allow_redirects=False
            )
        except requests.RequestException as error:
            raise DependencyUnavailable(DEPENDENCY, f"{self._url}: {type(error).__name__}") from error
        if response.status_code // 100 == 2:
            return None
        answer = f"HTTP {response.status_code} {response.text[:200].strip()}"
        if response.status_code in CONTENT_ERRORS:
            return answer
        raise DependencyUnavailable(DEPENDENCY, f"{self._url}: {answer}")
