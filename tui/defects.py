"""How the console takes a defect of its own: no traceback on the screen, a report in a file, one line to say so."""

from __future__ import annotations

from rich.console import RenderableType
from textual.app import App
from textual.worker import Worker, WorkerState

from adapters.errors import AdapterError
from tui.core.services import Services
from tui.crash import cause, known_secrets, redacted, write_report


class DefectsApp(App[int], inherit_bindings=False):
    """`crash` is the line for the operator once the console has ended by an exception."""

    services: Services
    crash = ""

    def notices(self) -> list[str]:
        """What was said in red so far."""
        return []

    def say_failure(self, text: str) -> None:
        """Say it on the screen, if there is one."""

    def defect(self, error: BaseException) -> str:
        """Keep a report of an exception that nobody expected; one line that names it."""
        error = cause(error)
        found = " ".join(f"{type(error).__name__}: {error}".split())
        secrets = known_secrets(self.services.config)
        where = [type(screen).__name__ for screen in self._screen_stacks.get(self._current_mode, [])]
        path = write_report(error, where=where, said=self.notices(), secrets=secrets)
        return redacted(found, secrets) + (f"; the report is {path}" if path else "; no report could be written")

    def _fatal_error(self) -> None:
        """Textual's last step after an exception, without its traceback."""
        if not self.crash and self._exception is not None:
            self.crash = self.defect(self._exception)
        self._close_messages_no_wait()

    def panic(self, *renderables: RenderableType) -> None:
        self._fatal_error()

    def in_background(self, event: Worker.StateChanged) -> None:
        """Work that a screen left to itself has failed: the console goes on, and says so."""
        error = event.worker.error if event.state is WorkerState.ERROR else None
        if error is not None and not event.worker.exit_on_error:
            self.say_failure(str(error) if isinstance(error, AdapterError) else f"runyard: {self.defect(error)}")

    on_worker_state_changed = in_background
