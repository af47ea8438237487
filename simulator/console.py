"""What the simulator prints: its settings, each step with its events, totals at the end."""

import sys

from simulator.messages import Message

RULE = "=" * 80
MAX_LISTED = 10


class Console:
    """What the operator reads: the lines of the operator's manual, section 5.2.1."""

    def __init__(self, names: list[str], *, interval_s: float, duration_s: float, to_stderr: bool) -> None:
        self._names = names
        self._few = len(names) <= MAX_LISTED
        self._interval_s, self._duration_s = interval_s, duration_s
        self._out = sys.stderr if to_stderr else sys.stdout
        self._images: dict[str, int] = {}
        self._firing: set[str] = set()

    def print(self, *lines: str) -> None:
        """Write lines at once, also into a pipe."""
        print(*lines, sep="\n", file=self._out, flush=True)

    def header(self, target: str) -> None:
        """Introduce the run."""
        count = len(self._names)
        self.print(RULE, "🛰️  인공위성 텔레메트리 시뮬레이터", RULE)
        self.print(f"위성 개수:     {count}", f"전송 주기:     {self._interval_s:g}초")
        self.print(f"실행 시간:     {self._duration_s:g}초", target, RULE, "")
        if self._few:
            self.print(*(f"[{name}] Satellite Simulator initialized" for name in self._names), "")
        self.print(f"✅ {count}개 위성 초기화 완료", "")

    def step(self, number: int, messages: list[Message]) -> None:
        """Report one step and what happened in it."""
        clock = messages[0]["timestamp"][11:19]
        elapsed_s = (number - 1) * self._interval_s
        self.print(f"[{number:04d}] {clock} | Elapsed: {elapsed_s:.0f}s / {self._duration_s:g}s")
        if self._few:
            for message in messages:
                self._events(message)

    def _events(self, message: Message) -> None:
        name, images = message["satellite_id"], message["payload"]["images_captured_count"]
        if images > self._images.get(name, images):
            self.print(f"  [{name}] Image captured! (Total: {images})")
        self._images[name] = images
        firing = bool(message["aocs"]["thruster_active"])
        if firing != (name in self._firing):
            self._firing ^= {name}
            self.print(f"  [{name}] Orbital maneuver {'started!' if firing else 'completed'}")

    def footer(self, *, steps: int, messages: int, elapsed_s: float) -> None:
        """Report the totals."""
        self.print("", RULE, f"✅ 시뮬레이션 완료 ({elapsed_s:.0f}초)", RULE)
        self.print(
            f"총 반복:       {steps}", f"총 메시지:     {messages}", f"실행 시간:     {elapsed_s:.1f}초", RULE
        )
