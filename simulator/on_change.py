"""Telemetry on change: of each satellite only the values that differ from those it sent before."""

from collections.abc import Iterable, Iterator

from simulator.messages import Message


class OnChange:
    """Remembers what each satellite sent; the first message of each is whole."""

    def __init__(self) -> None:
        #: Satellite to subsystem to field.
        self._sent: dict[str, dict[str, Message]] = {}

    def changed(self, messages: Iterable[Message]) -> Iterator[Message]:
        """Leave out of each message what did not change, and subsystems of which nothing did."""
        for message in messages:
            sent = self._sent.setdefault(message["satellite_id"], {})
            kept: Message = {}
            for name, part in message.items():
                if not isinstance(part, dict):
                    kept[name] = part
                    continue
                earlier = sent.setdefault(name, {})
                news = {
                    field: value
                    for field, value in part.items()
                    if field not in earlier or earlier[field] != value
                }
                earlier.update(news)
                if news:
                    kept[name] = news
            yield kept
