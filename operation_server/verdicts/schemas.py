"""Verdicts as clients see them."""

from pydantic import BaseModel, Field

from operation_server.jobs.schemas import VerdictItem


class Verdicts(BaseModel):
    """Verdicts, newest first."""

    verdicts: list[VerdictItem]
    is_truncated: bool = Field(description="Whether older ones in the range were left out")
