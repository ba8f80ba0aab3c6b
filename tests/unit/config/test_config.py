"""The config: everything wrong is named at once, nothing unsafe is read, every setting arrives."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from adapters import registry
from tui.config import Config, ConfigError, build_adapter, load, parse
from tui.configfile import key_names
from tui.core.plan import Guard

KFP = '[contexts.kfp]\nbackend = "kfp"\nurl = "http://127.0.0.1:8080"\n'
FAR = KFP.replace("127.0.0.1", "kfp.example")


def write(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    folder = tmp_path / "conf"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(tomllib.loads(text))
    return [f"{problem.key}: {problem.what}" for problem in caught.value.problems]


def test_without_a_file_there_are_no_contexts() -> None:
    assert load() == Config()


def test_a_file_that_was_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: cannot be read: No such file"):
        load(tmp_path / "nowhere.toml")
    monkeypatch.setenv("RUNYARD_CONFIG", str(tmp_path / "neither.toml"))
    with pytest.raises(ConfigError, match=r"neither\.toml"):
        load()


def test_where_it_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_home: Path) -> None:
    usual = own_home / "config" / "runyard" / "config.toml"
    usual.parent.mkdir(mode=0o700)
    usual.write_text(KFP)
    assert load().path == usual
    named = write(tmp_path, KFP)
    monkeypatch.setenv("RUNYARD_CONFIG", str(named))
    assert load().path == named
    assert load(usual).path == usual


def test_a_context_arrives_whole() -> None:
    config = parse(
        tomllib.loads(
            KFP
            + 'token_env = "T"\ncolor = "red"\nrefresh = 5\nmax_rows = 100\nprotected = true\nread_only = true\n'
            'confirm = "typed"\nmax_targets = 3\nrequire_reason = true\n'
            'protected_names = ["a*"]\ndeny = ["delete"]\n'
        )
    )
    context = config.contexts["kfp"]
    assert (context.name, context.backend, context.color) == ("kfp", "kfp", "red")
    assert (context.refresh, context.max_rows) == (5.0, 100)
    assert context.guard == Guard(
        protected=True,
        read_only=True,
        confirm_typed=True,
        max_targets=3,
        require_reason=True,
        protected_names=("a*",),
        deny=("delete",),
    )
    assert context.settings.url == "http://127.0.0.1:8080"
    adapter = build_adapter(context)
    assert adapter.context == "kfp"


def test_everything_wrong_is_named_at_once() -> None:
    known = ", ".join(registry.names())
    found = problems(
        """
        [contexts.kfp]
        backend = "kfp"
        urll = "http://x"
        protectd = true
        refresh = "fast"

        [contexts.two]
        backend = "kpf"

        [contexts.three]
        url = "http://x"

        [ui]
        thme = "dark"

        [colours]
        """
    )
    assert found == [
        "colours: no such section",
        "contexts.kfp.refresh: should be a valid number, unable to parse string as a number",
        "contexts.kfp.url: is missing",
        "contexts.kfp.urll: no such key; nearest: url",
        "contexts.kfp.protectd: no such key; nearest: protected",
        f"contexts.two.backend: no backend 'kpf'; nearest: kfp (known: {known})",
        f"contexts.three.backend: is missing; one of {known}",
        "ui.thme: no such key; nearest: theme",
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (KFP.replace("contexts.kfp", "contexts.all"), "contexts.all: the name 'all' is reserved"),
        (KFP.replace("contexts.kfp", 'contexts."a b"'), "contexts.a b: a name has only letters"),
        (KFP.replace("http://", "ftp://"), "contexts.kfp.url: must be an http"),
        (KFP.replace("127", "u:p@127"), "contexts.kfp.url: must not hold a password"),
        (KFP + "call_timeout = 0\n", "contexts.kfp.call_timeout: should be greater than 0"),
        (KFP + 'confirm = "maybe"\n', "contexts.kfp.confirm: should be 'auto' or 'typed'"),
        (KFP + 'deny = ["deleet"]\n', "contexts.kfp.deny: no action 'deleet'; nearest: delete"),
        (KFP + 'token_evn = "T"\n', "contexts.kfp.token_evn: no such key; nearest: token_env"),
        (KFP + 'token_env = "T"\ntoken_file = "f"\n', "contexts.kfp.token: give the secret in exactly one way"),
        ("contexts = 3", "contexts: is a table"),
        ("[contexts]\nkfp = 3", "contexts.kfp: is a table"),
        ('[ui]\nview = "rnus"', "ui.view: no kind 'rnus'; nearest: runs"),
        ('[ui]\ntheme = "drak"', "ui.theme: no theme 'drak'; nearest: dark"),
        ('[ui]\ncontexts = ["kfp"]', "ui.contexts: no context 'kfp'"),
        ('[ui.filters]\n0 = "x"', "ui.filters: '0' is not a key from 1 to 9"),
        ('[ui.filters]\n1 = "ownr=x"', "ui.filters: 1: no field ownr; nearest: owner"),
        ('[ui.filters.zebras]\n1 = "x"', "ui.filters: no kind 'zebras'"),
        ('[ui.filters.hosts]\n10 = "x"', "ui.filters: '10' is not a key from 1 to 9"),
        ('[ui.filters.hosts]\n1 = "(x"', "ui.filters: hosts.1: ( is never closed"),
        ('[ui]\nzone = "mars"', "ui.zone: should be 'utc' or 'local'"),
        ('[aliases]\nruns = "pods"', "aliases.runs: 'runs' means something already"),
        ('[aliases]\n"two words" = "pods"', "a name is one word in lower case"),
        ('[aliases]\nfr = "rnus state=failed"', "aliases.fr: no command 'rnus'; nearest: runs"),
        ('[aliases]\nfr = "runs @nope"', "aliases.fr: no context 'nope'"),
        ("[aliases]\nfr = 3", "aliases.fr: is a command"),
        ('[keys]\nlosg = "l"', "keys: no action 'losg'; nearest: logs"),
        ('[keys]\nlogs = "ctrl-nothing"', "keys.logs: 'ctrl-nothing' is not a key"),
        ('[keys]\nlogs = "d"', "keys.logs: d is describe"),
        ("[keys]\nlogs = 3", "keys.logs: is a key or a list of keys"),
        ('[themes.mine]\nacent = "75"', "no token 'acent'; nearest: accent"),
        ('[themes.mine]\naccent = "no colour"', "is not a colour"),
        ('[themes.mine]\nbase = "drak"', "themes.mine.base: no theme 'drak'; nearest: dark"),
        ('[themes.mine]\ndanger = "160"', "themes.mine.danger: is the same in every theme"),
    ],
)
def test_each_mistake_has_its_sentence(text: str, what: str) -> None:
    (found,) = problems(text)
    assert what in found


def test_no_value_of_a_secret_is_ever_shown() -> None:
    found = problems(KFP + 'token = ["s3cret"]\n[contexts.kfp.headers]\nX = 5\n')
    assert found
    assert "s3cret" not in "".join(found)
    shown = repr(parse(tomllib.loads(KFP + 'token = "s3cret"\n')))
    assert "s3cret" not in shown


def test_aliases_of_actions_are_denied_as_what_they_are() -> None:
    config = parse(tomllib.loads(KFP + 'deny = ["terminate", "ab*"]\n'))
    assert config.contexts["kfp"].guard.deny == ("abort", "ab*")


def test_what_is_not_toml_names_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is not TOML: .*line 2"):
        load(write(tmp_path, "[ui]\nmouse = maybe\n"))
    path = write(tmp_path, "")
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not TOML"):
        load(path)


class TestSafety:
    """The config runs commands and holds secrets: attempts to get past its guards."""

    @pytest.mark.parametrize("mode", [0o602, 0o666])
    def test_a_file_that_others_can_change_is_refused(self, tmp_path: Path, mode: int) -> None:
        with pytest.raises(ConfigError, match="can be changed by others; chmod go-w"):
            load(write(tmp_path, KFP, mode))

    def test_a_file_that_a_foreign_group_can_change_is_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path, KFP, 0o620)
        if os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        os.chown(path, 0, 4711)
        with pytest.raises(ConfigError, match="can be changed by others"):
            load(path)

    def test_a_folder_that_others_can_change_is_refused(self, tmp_path: Path) -> None:
        path = write(tmp_path, KFP)
        path.parent.chmod(0o777)
        with pytest.raises(ConfigError, match="its folder can be changed by others"):
            load(path)
        path.parent.chmod(0o1777)  # sticky, as /tmp: nobody can replace the file
        load(path)

    def test_a_file_of_somebody_else_is_refused(self, tmp_path: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        path = write(tmp_path, KFP)
        os.chown(path, 4711, 4711)
        with pytest.raises(ConfigError, match="belongs to another user"):
            load(path)

    @pytest.mark.parametrize(
        "secret",
        ['token = "s3cret"', '[contexts.kfp.headers]\nX-Key = "s3cret"', 'proxy = "http://me:s3cret@proxy:3128"'],
    )
    def test_a_literal_secret_needs_mode_0600(self, tmp_path: Path, secret: str) -> None:
        with pytest.raises(ConfigError, match="holds a secret that others can read; chmod 600") as caught:
            load(write(tmp_path, FAR + secret, 0o640))
        assert "s3cret" not in str(caught.value)
        load(write(tmp_path, FAR + secret, 0o600))

    def test_on_loopback_it_does_not(self, tmp_path: Path) -> None:
        load(write(tmp_path, KFP + 'token = "s3cret"', 0o644))

    def test_one_address_elsewhere_is_enough(self, tmp_path: Path) -> None:
        text = (
            '[contexts.p]\nbackend = "peloton"\nurl = "http://127.0.0.1:1"\nhostmgr_url = "http://hostmgr:2"\n'
            'username = "ana"\npassword = "s3cret"\n'
        )
        with pytest.raises(ConfigError, match=r"contexts\.p\.password: holds a secret"):
            load(write(tmp_path, text, 0o644))

    @pytest.mark.parametrize("way", ['token_env = "T"', 'token_file = "f"', 'token_command = ["c"]'])
    def test_other_ways_to_give_it_do_not(self, tmp_path: Path, way: str) -> None:
        load(write(tmp_path, FAR + way, 0o644))


def test_the_names_of_secret_keys_are_known() -> None:
    names = key_names(registry.backend("kfp").load_settings())
    assert {"token", "token_env", "token_file", "token_command", "url"} <= set(names)
    assert "headers_env" not in names


def test_filters_of_every_list_and_of_one_kind_and_words_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(
        '[ui.filters]\n1 = "state=failed"\n[ui.filters.nodes]\n1 = "state=down"\n'
        '[aliases]\nfr = "runs state=failed"\nsick = "hosts state=down,draining"\n'
    )
    config = load(path)
    assert config.ui.filters == {"1": "state=failed", "hosts": {"1": "state=down"}}
    assert config.aliases == {"fr": "runs state=failed", "sick": "hosts state=down,draining"}


def test_a_saved_filter_may_be_about_what_only_one_backend_has(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[ui.filters]\n1 = "pods_failed>0"\n')
    assert load(path).ui.filters == {"1": "pods_failed>0"}
