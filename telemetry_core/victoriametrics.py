"""VictoriaMetrics' bulk import: samples as text, which it keeps, and which it lost when it was killed."""

import re
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import requests
import structlog

from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.service.observability import SAMPLES_REFUSED, SAMPLES_WRITTEN

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

START_PATH: Final = "/metrics"
KEEP_S: Final = 30.0
"""It answers before samples are on disk (`-inmemoryDataFlushInterval`, 5 s): younger ones may die with it."""
MAX_KEPT_BYTES: Final = 64 << 20
_STARTED_AT: Final = re.compile(r"^vm_app_start_timestamp (\S+)$", re.MULTILINE)

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Import:
    """A body that the server took, compressed, and when."""

    body: bytes
    taken_at_s: float


class RecentImports:
    """What the server took lately, oldest first, up to `MAX_KEPT_BYTES`; for several threads."""

    def __init__(self, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._kept: deque[_Import] = deque()
        self._size = 0
        self.has_dropped = False

    def add(self, body: bytes) -> None:
        """Keep a body that was taken just now."""
        item = _Import(body=zlib.compress(body, 1), taken_at_s=self._monotonic())
        with self._lock:
            self._kept.append(item)
            self._size += len(item.body)
            while self._size > MAX_KEPT_BYTES:
                self._size -= len(self._kept.popleft().body)
                self.has_dropped = True

    def bodies(self) -> Iterator[bytes]:
        """Yield what is kept now, unpacked one by one: together it may be many times as large."""
        with self._lock:
            kept = list(self._kept)
        return (zlib.decompress(item.body) for item in kept)

    def forget_flushed(self) -> None:
        """Drop what is older than `KEEP_S`; called when the server is known to live on."""
        oldest_s = self._monotonic() - KEEP_S
        with self._lock:
            while self._kept and self._kept[0].taken_at_s < oldest_s:
                self._size -= len(self._kept.popleft().body)
            self.has_dropped = False


class VictoriaMetrics:
    """Client of one VictoriaMetrics server."""

    def __init__(self, base_url: str, *, recent: RecentImports | None = None) -> None:
        self._base_url = base_url.rstrip("/")
        self._url = self._base_url + IMPORT_PATH
        self._session = requests.Session()
        self._recent = recent or RecentImports()
        self._started_at: str | None = None

    def restore_lost(self) -> bool:
        """Send again what a server took shortly before it started anew; tell whether it did.

        To be called every few seconds, by one thread. A server that does not tell its start restores nothing.
        """
        started_at = self._start()
        is_new = self._started_at is not None and self._started_at != started_at
        if is_new:
            count = 0
            for count, refusal in enumerate(map(self._post, self._recent.bodies()), start=1):  # noqa: B007
                if refusal is not None:
                    SAMPLES_REFUSED.inc()
                    _log.warning(f"VictoriaMetrics refuses an import that it accepted before: {refusal}")
            _log.warning(f"VictoriaMetrics restarted: resent {count} earlier imports")
            if self._recent.has_dropped:
                _log.warning("Older imports were not kept: run 'python -m telemetry_writer.refill FROM TO'")
        self._started_at = started_at
        self._recent.forget_flushed()
        return is_new

    def _start(self) -> str:
        """Return when the server started, as it says; empty where it does not."""
        try:
            with requests.get(self._base_url + START_PATH, timeout=CONNECT_TIMEOUT_S) as response:
                found = _STARTED_AT.search(response.text) if response.ok else None
        except requests.RequestException as error:
            raise DependencyUnavailable(DEPENDENCY, f"{self._base_url}: {type(error).__name__}") from error
        return found[1] if found else ""

    def import_samples(self, lines: Sequence[str]) -> dict[str, str]:
        """Return once the server took all lines but those that it refuses: these and its words.

        A refused batch is halved until only bad lines are left out.

        Sending a line again changes nothing there, so a caller may repeat the whole import.
        """
        if lines and self._started_at is None:
            self._started_at = self._start()
        refused: dict[str, str] = {}
        waiting = [lines] if lines else []
        while waiting:
            part = waiting.pop()
            body = "\n".join(part).encode() + b"\n"
            refusal = self._post(body)
            if refusal is None:
                self._recent.add(body)
                SAMPLES_WRITTEN.inc(len(part))
            elif len(part) == 1:
                SAMPLES_REFUSED.inc()
                refused[part[0]] = refusal
                _log.warning(f"Sample left out, as VictoriaMetrics refused it: {refusal}", line=part[0][:200])
            else:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
        return refused

    def _post(self, body: bytes) -> str | None:
        """Return None after a 2xx, the server's words where it refused the content."""
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
