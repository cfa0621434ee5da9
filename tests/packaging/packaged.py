"""What a release consists of, for the tests that look into it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Built:
    """Both archives, and what is in them: path → content. The source archive's paths are told from its top folder."""

    sdist: Path
    wheel: Path
    in_sdist: dict[str, bytes]
    in_wheel: dict[str, bytes]
