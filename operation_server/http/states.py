"""The words for how a satellite, or a part of the pipeline, is: those of the Astro UXDS."""

from typing import Literal

State = Literal["critical", "serious", "caution", "normal", "standby", "off"]
