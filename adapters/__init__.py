"""Backend adapters: each folder below turns one HTTP API into runyard's domain objects.

Nothing in this package knows about the terminal; `tui` uses the public modules only.
"""

import adapters.lean  # noqa: F401  # before any module here imports httpx or pydantic
