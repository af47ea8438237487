"""Dead letters are gathered though nobody lists them, and though a look fails."""

import asyncio
from collections.abc import Sequence

from operation_server.dead_letters.gathering import EVERY_S, PAUSE_S, gathering
from operation_server.dead_letters.office import MORE, Collection
from telemetry_core.contract.errors import DependencyUnavailable

LIMIT_S = 20.0


def waits_before_looks(answers: Sequence[Collection | Exception]) -> list[float]:
    """Let each look be answered in turn; return the waits before them and before the one after the last."""
    remaining = iter(answers)
    waits: list[float] = []

    def collect() -> Collection:
        answer = next(remaining)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def serve() -> None:
        is_done = asyncio.Event()

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            if len(waits) > len(answers):
                is_done.set()
                await asyncio.Event().wait()

        async with gathering(collect, sleep=sleep):
            await asyncio.wait_for(is_done.wait(), LIMIT_S)

    asyncio.run(serve())
    return waits


def test_letters_that_one_look_does_not_take_are_taken_soon() -> None:
    more, none = Collection(problems=[], has_more=True), Collection(problems=[])
    assert waits_before_looks([more, more, none]) == [EVERY_S, PAUSE_S, PAUSE_S, EVERY_S]


def test_list_of_letters_names_unavailable_brokers_and_an_incomplete_collection() -> None:
    assert Collection(problems=["kafka is away"], has_more=True).missing == ["kafka is away", MORE]
    assert Collection(problems=[]).missing == []


def test_look_that_fails_ends_no_other() -> None:
    failures: list[Collection | Exception] = [
        DependencyUnavailable("postgresql", "away"),
        ValueError("odd"),
        Collection(problems=["kafka unavailable: x"]),
    ]
    assert waits_before_looks(failures) == [EVERY_S] * 4
