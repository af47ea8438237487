"""Folding verdicts into runs piece by piece, and again from an earlier state after a late one: pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from scoring.alert_rule import Judged, Run, runs_of

CHECKPOINT_EVERY: Final = 200
"""Verdicts from one kept state to the next: so many more than its own lateness does a late one fold again."""

Key = tuple[str, str]
"""Satellite and subsystem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The rule's state behind a verdict."""

    generated_us: int = -1
    """Generation time of that verdict, microseconds since 1970 UTC; -1 = before all, nothing is folded."""
    run: Run | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far the verdicts of one satellite and subsystem are folded."""

    folded: Checkpoint = Checkpoint()
    target_us: int = -1
    """Generation time up to which they are to be folded: beyond `folded` after a rewind."""
    since_checkpoint: int = 0
    """Verdicts folded since the last kept state."""

    @property
    def is_finished(self) -> bool:
        """Tell whether nothing is to be folded again."""
        return self.folded.generated_us == self.target_us

    def takes(self, verdicts: Sequence[Judged]) -> bool:
        """Tell whether verdicts in generation-time order follow all that are folded."""
        return self.is_finished and verdicts[0].at_us > self.folded.generated_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What folding some verdicts came to: the runs that started from `first_us` to `last_us` and are alarms.

    The open run of a head that is not finished is left to the next piece, which tells how it ends.
    """

    head: Head
    checkpoints: tuple[Checkpoint, ...]
    first_us: int
    last_us: int
    raised: tuple[Run, ...]


def fold(head: Head, verdicts: Sequence[Judged], *, reaches_target: bool = True) -> Piece:
    """Fold verdicts that follow the head, in generation-time order: up to its target, or only the first."""
    first_us = _first_us(head, verdicts)
    runs = [head.folded.run] if head.folded.run else []
    checkpoints: list[Checkpoint] = []
    rest, since = verdicts, head.since_checkpoint
    while rest:
        chunk, rest = rest[: CHECKPOINT_EVERY - since], rest[CHECKPOINT_EVERY - since :]
        runs[-1:] = runs_of(chunk, run=runs[-1] if runs else None)
        since += len(chunk)
        if since == CHECKPOINT_EVERY:
            checkpoints.append(Checkpoint(generated_us=chunk[-1].at_us, run=runs[-1] if runs else None))
            since = 0
    newest_us = verdicts[-1].at_us if verdicts else head.folded.generated_us
    target_us = max(head.target_us, newest_us)
    last_us = target_us if reaches_target else newest_us
    folded = Checkpoint(generated_us=last_us, run=runs[-1] if runs else None)
    after = Head(folded=folded, target_us=target_us, since_checkpoint=since)
    if not after.is_finished and folded.run is not None and folded.run.ended_us is None:
        last_us = folded.run.started_us - 1
    return Piece(
        head=after,
        checkpoints=tuple(checkpoints),
        first_us=first_us,
        last_us=last_us,
        raised=tuple(
            run for run in runs if run.raised_us is not None and first_us <= run.started_us <= last_us
        ),
    )


def rewound(head: Head, verdicts: Sequence[Judged], before: Checkpoint) -> Head:
    """Go back to a state before the first of some verdicts, and on to the last of all."""
    target_us = max(head.target_us, verdicts[-1].at_us)
    if verdicts[0].at_us > head.folded.generated_us:
        return replace(head, target_us=target_us)
    return Head(folded=before, target_us=target_us)


def _first_us(head: Head, verdicts: Sequence[Judged]) -> int:
    """Return from when on alarms may change: an open run's start, else what follows the state.

    Nothing is known of the time before the first verdict that is left: its alarms stay as they are.
    """
    folded = head.folded
    if folded.run is not None and folded.run.ended_us is None:
        return folded.run.started_us
    if verdicts and folded.generated_us < 0:
        return verdicts[0].at_us
    return max(folded.generated_us, -1 if verdicts else head.target_us) + 1
