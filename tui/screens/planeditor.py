"""The parameters of a plan in `$EDITOR`: what cannot be read is said above the text, and it is opened again."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.errors import AdapterError
from adapters.model import Json, Ref
from tui import handover
from tui.core.params import BadParam
from tui.core.paramtext import again, read_params_text, write_params
from tui.screens.planform import Form

if TYPE_CHECKING:
    from tui.screens.plan import PlanSheet

MOST = 8 * 1024 * 1024


async def edit_params(sheet: PlanSheet, form: Form) -> bool:
    """Have the operator edit the form; whether it has changed. Raises NotHandedOver, or BadParam with what is
    still wrong when the editor was left without a change."""
    params = [each.param for each in form.params]
    written = write_params(_head(sheet), params, form.values(), await _raw(sheet))
    begun, before = read_params_text(written, params), form.values()
    problem = ""
    with tempfile.TemporaryDirectory(prefix="runyard-") as folder:  # for its owner alone
        path = Path(folder, "parameters.yaml")
        while True:
            path.write_text(written, encoding="utf-8")
            path.chmod(0o600)
            code = await handover.hand_over(sheet.app, [*handover.editor(), str(path)])
            if code:
                raise BadParam(f"the editor has ended with {handover.exit_text(code)}; nothing was taken over")
            text = _read(path)
            if text == written or not text.strip():
                if problem:
                    raise BadParam(f"not taken over: {problem}")
                return False
            try:
                values = read_params_text(text, params)
            except BadParam as wrong:
                problem = str(wrong)
                written = again(text, problem)
                continue
            # What only stands there because the object has it is not sent along.
            kept = {each.id for each in params if each.required or each.id in before}
            form.take({name: value for name, value in values.items() if name in kept or value != begun.get(name)})
            return form.values() != before


def _read(path: Path) -> str:
    try:
        if os.stat(path).st_size > MOST:
            raise BadParam(f"the text is over {MOST // 2**20} MiB")
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise BadParam(f"the text cannot be read: {getattr(error, 'strerror', None) or error}") from None


def _head(sheet: PlanSheet) -> str:
    more = f" and {len(sheet.refs) - 3} more" if sheet.refs[3:] else ""
    what = ", ".join(str(ref) for ref in sheet.refs[:3]) + more
    return (
        f"{sheet.action} {what}: save and leave to go on to the plan; nothing is sent before it is confirmed. "
        "As it is, or empty, it changes nothing."
    )


async def _raw(sheet: PlanSheet) -> Json:
    """The one object of the plan, as the server has it."""
    if len(sheet.refs) != 1 or not isinstance(sheet.refs[0], Ref):
        return None
    ref = sheet.refs[0]
    try:
        return (await sheet.host.services.adapters[ref.context].detail(ref)).raw
    except AdapterError:
        return None
