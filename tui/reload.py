"""`:reload`: the config is read again while the console is open. What is wrong with it changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tui.config import load
from tui.configfile import ConfigError
from tui.keys import bind
from tui.pluginconfig import with_plugins
from tui.wiring import choose_theme, join

if TYPE_CHECKING:
    from tui.appearance import Appearance


def reload(app: Appearance) -> None:
    """Keys, plugins, aliases, filters and theme as they are now, and contexts that are new.

    A context that is open stays as it is: how it logs in and what guards it is settled when it is opened.
    """
    services = app.services
    old = services.config
    if old.path is None:  # a demo, say: what is in the usual place is not what was opened
        app._say("no config file was read, so there is none to read again", "muted")
        return
    try:
        config = load(old.path)
    except ConfigError as error:
        for wrong in error.problems:
            app.say_failure(f"{wrong.key}: {wrong.what}" if wrong.key else wrong.what)
        app.say_failure(f"{len(error.problems)} wrong in the config, nothing is reloaded; ! lists it")
        return
    services.keys, problems = bind(config.keys, with_plugins(config.plugins.values()))
    services.saved = dict(config.ui.filters)
    services.config = replace(config, contexts=old.contexts)
    added = [name for name in config.contexts if name not in old.contexts]
    for name in added:
        try:
            problems += join(services, config.contexts[name])
        except Exception as error:  # one that cannot be opened must not cost the others
            problems.append(f"{name}: {error}")
    app.learn()
    app.use_theme(choose_theme(config))
    for problem in problems:
        app.say_failure(problem)
    kept = [name for name in old.contexts if config.contexts.get(name) != old.contexts[name]]
    said = ["reloaded"]
    said += [f"added {', '.join(added)}"] if added else []
    said += [f"{', '.join(kept)} as changed only after a restart"] if kept else []
    app._say("; ".join(said), "failed" if problems else "waiting" if kept else "text")
