"""What a machine says about backends is found and told without its secrets; nobody is contacted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters import registry
from adapters.clearml.discover import settings
from adapters.discovery import Found, told
from adapters.registry import discover

KEY, SECRET = "AKLR7T2WQ5X83F9Q", "s3cr3t-of-the-file-0001"
CONF = f"""
# ClearML SDK configuration file
api {{
    # web_server on port 8080
    web_server: https://app.ml.lab
    api_server: https://api.ml.lab   // the apiserver
    files_server: https://files.ml.lab
    credentials {{
        "access_key" = "{KEY}"
        "secret_key"  = "{SECRET}"
    }}
    verify_certificate: false
}}
sdk {{ storage {{ cache {{ default_base_dir: "~/.clearml/cache", size {{ min_free_bytes: 10GB }} }}
    direct_access: [ {{ url: "file://*" }} ] }} }}
"""


def only(found: list[Found]) -> Found:
    (one,) = found
    return one


def test_nothing_is_found_where_there_is_nothing(tmp_path: Path) -> None:
    assert discover({}, tmp_path) == []


def test_clearml_conf_is_offered_by_the_end_of_its_key(tmp_path: Path) -> None:
    (tmp_path / "clearml.conf").write_text(CONF)
    found = only(discover({}, tmp_path))
    assert (found.backend, found.title, found.says) == (
        "clearml",
        "~/clearml.conf",
        "https://api.ml.lab  key …3F9Q",
    )
    assert found.body["secret_key"] == SecretStr(SECRET)
    assert found.body["verify"] is False
    assert found.missing == ()
    assert SECRET not in repr(found)
    assert KEY not in repr(found)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("api.credentials.access_key = abc", {"api.credentials.access_key": "abc"}),
        ('{"api": {"api_server": "http://x:8008"}}', {"api.api_server": "http://x:8008"}),
        ("api { api_server: http://a\n api_server: http://b }", {"api.api_server": "http://b"}),
        ("api.credentials { access_key: ${?KEY} }", {"api.credentials.access_key": "from-env"}),
        ("a: [ {b: 1}, 2 ]\nc: 3", {"c": "3"}),
        ("}}}} \0 {{{", {}),
        ('"never closed', {}),
    ],
)
def test_hocon_is_read_as_far_as_it_goes(text: str, wanted: dict[str, str]) -> None:
    read = settings(text, {"KEY": "from-env"})
    assert {key: read[key] for key in wanted} == wanted


def test_variables_of_clearml_are_named_not_copied(tmp_path: Path) -> None:
    environ = {
        "CLEARML_API_HOST": "https://api.ml.lab",
        "CLEARML_API_ACCESS_KEY": KEY,
        "CLEARML_API_SECRET_KEY": SECRET,
    }
    found = only(discover(environ, tmp_path))
    assert found.says == "https://api.ml.lab  key …3F9Q"
    assert found.body == {
        "url": "https://api.ml.lab",
        "access_key_env": "CLEARML_API_ACCESS_KEY",
        "secret_key_env": "CLEARML_API_SECRET_KEY",
    }


def test_variables_and_file_of_clearml_are_two_offers(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.conf").write_text(CONF)
    environ = {"CLEARML_CONFIG_FILE": "~/elsewhere.conf", "CLEARML_AUTH_TOKEN": "t" * 20}
    first, second = discover(environ, tmp_path)
    assert first.body == {"url": "https://api.ml.lab", "token_env": "CLEARML_AUTH_TOKEN"}
    assert second.title == "~/elsewhere.conf"


@pytest.mark.parametrize(
    ("environ", "body"),
    [
        ({"KF_PIPELINES_ENDPOINT": "https://kfp.lab/pipeline"}, {"url": "https://kfp.lab/pipeline"}),
        (
            {"KFP_ENDPOINT": "kfp.lab:8888", "KFP_NAMESPACE": "team-a", "KFP_EXISTING_TOKEN": "t0ken"},
            {"url": "http://kfp.lab:8888", "namespace": "team-a", "token_env": "KFP_EXISTING_TOKEN"},
        ),
        (
            {
                "ML_PIPELINE_SERVICE_HOST": "10.0.0.7",
                "ML_PIPELINE_SERVICE_PORT": "8888",
                "KF_PIPELINES_SA_TOKEN_PATH": "/var/run/secrets/kubeflow/pipelines/token",
            },
            {"url": "http://10.0.0.7:8888", "token_file": "/var/run/secrets/kubeflow/pipelines/token"},
        ),
    ],
)
def test_the_environment_of_kfp(tmp_path: Path, environ: dict[str, str], body: dict[str, str]) -> None:
    found = only(discover(environ, tmp_path))
    assert found.backend == "kfp"
    assert found.body == body
    assert "t0ken" not in found.says


def test_the_namespace_kfp_has_kept(tmp_path: Path) -> None:
    folder = tmp_path / ".config" / "kfp"
    folder.mkdir(parents=True)
    (folder / "context.json").write_text('{"namespace": "team-b"}')
    assert only(discover({"KFP_ENDPOINT": "kfp.lab"}, tmp_path)).body["namespace"] == "team-b"
    (folder / "context.json").write_text("[1")
    assert "namespace" not in only(discover({"KFP_ENDPOINT": "kfp.lab"}, tmp_path)).body


def google(home: Path, kept: dict[str, str]) -> Path:
    folder = home / ".config" / "gcloud"
    folder.mkdir(parents=True)
    (folder / "application_default_credentials.json").write_text(json.dumps(kept))
    return folder


def test_a_google_login_without_a_region_asks_for_it(tmp_path: Path) -> None:
    google(tmp_path, {"type": "authorized_user", "refresh_token": "1//secret", "quota_project_id": "ml-lab-eu"})
    found = only(discover({}, tmp_path))
    assert (found.title, found.says) == ("Google login", "project ml-lab-eu  region?")
    assert found.body == {"credentials": "adc", "project": "ml-lab-eu"}
    assert found.missing == ("region",)


def test_gcloud_says_project_and_region(tmp_path: Path) -> None:
    folder = google(tmp_path, {"type": "service_account", "project_id": "from-key", "quota_project_id": "billing"})
    (folder / "active_config").write_text("work\n")
    (folder / "configurations").mkdir()
    (folder / "configurations" / "config_work").write_text(
        "[core]\nproject = from-gcloud\n[compute]\nregion = europe-west4\n"
    )
    found = only(discover({}, tmp_path))
    wanted = {"credentials": "adc", "project": "from-gcloud", "region": "europe-west4", "quota_project": "billing"}
    assert found.body == wanted
    told_otherwise = only(discover({"GOOGLE_CLOUD_PROJECT": "mine", "CLOUDSDK_AI_REGION": "us-central1"}, tmp_path))
    assert told_otherwise.body["project"] == "mine"
    assert told_otherwise.body["region"] == "us-central1"


@pytest.mark.parametrize("text", ["", "[", "[]", '{"project_id": 5}', "[core\nproject", "\x00" * 10])
def test_broken_files_are_no_obstacle(tmp_path: Path, text: str) -> None:
    folder = google(tmp_path, {})
    (folder / "configurations").mkdir()
    for path in (
        *(folder / "application_default_credentials.json", folder / "configurations" / "config_default"),
        *(folder / "active_config", tmp_path / "clearml.conf"),
    ):
        path.write_text(text)
    for found in discover({"KFP_ENDPOINT": "kfp.lab"}, tmp_path):
        assert found.says


def test_a_short_key_is_not_told_at_all() -> None:
    assert told("abc123") == "key found"


@pytest.mark.parametrize("name", registry.BUILT_IN)
def test_what_is_found_fits_the_settings(name: str, tmp_path: Path) -> None:
    """Every key that a finder may give is one that a context of its backend has."""
    (tmp_path / "clearml.conf").write_text(CONF)
    google(tmp_path, {"project_id": "p", "quota_project_id": "q"})
    from tui.configfile import key_names

    environ = {"KFP_ENDPOINT": "kfp.lab", "KFP_EXISTING_TOKEN": "t", "CLEARML_AUTH_TOKEN": "t"}
    model = registry.backend(name).load_settings()
    for found in discover(environ, tmp_path):
        if found.backend == name:
            assert set(found.body) <= set(key_names(model))
