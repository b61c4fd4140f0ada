"""What a [models] table may say, and which one a name means."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.errors import ConfigError
from headrace.infer.embedders.build import open_embedder
from headrace.infer.embedders.hash import HashEmbedder
from headrace.infer.models.build import open_model
from headrace.infer.models.extractive import ExtractiveModel
from headrace.infer.providers.config import ModelConfig
from headrace.infer.providers.named import provider_config

ACME = ModelConfig(name="acme", base_url="http://127.0.0.1:9/v1", model="small", dimensions=4)


@pytest.mark.parametrize(
    "settings",
    [
        {"base_url": "ftp://x/v1"},
        {"base_url": "localhost:8000"},
        {"base_url": "https://user:secret@x/v1"},
        {"base_url": "https://x/v1?key=secret"},
        {"timeout_seconds": 0},
        {"max_retries": -1},
        {"dimensions": 0},
        {"max_concurrency": 0},
    ],
)
def test_wrong_settings(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        ModelConfig(**({"name": "acme", "base_url": "https://x/v1"} | settings))
    assert "secret" not in str(caught.value.to_wire())
    assert next(iter(settings)) in caught.value.message


def test_openai_needs_no_table() -> None:
    config = provider_config("openai:text-embedding-3-small", models={})
    assert config is not None
    assert (config.base_url, config.api_key_env) == ("https://api.openai.com/v1", "OPENAI_API_KEY")
    assert config.model == "text-embedding-3-small"


def test_a_name_may_override_the_model_of_its_table() -> None:
    config = provider_config("acme:large", models={"acme": ACME})
    assert config is not None
    assert config.model == "large"
    plain = provider_config("acme", models={"acme": ACME})
    assert plain == ACME


def test_a_provider_without_a_model() -> None:
    with pytest.raises(ConfigError, match="openai:<model>"):
        provider_config("openai", models={})


@pytest.mark.parametrize(
    ("name", "nearest"), [("minlm", "minilm"), ("acne:x", "acme"), ("opnai:x", "openai")]
)
def test_an_unknown_embedder_names_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_embedder(name, models={"acme": ACME})
    assert repr(name) in caught.value.message
    assert nearest in caught.value.hint


@pytest.mark.parametrize("name", ["hash:", "hash:x", "hash:0", "hash:1", "hash:99999999"])
def test_a_wrong_hash_dimension(name: str) -> None:
    with pytest.raises(ConfigError, match="2 to 65536"):
        open_embedder(name, models={})


def test_built_in_names() -> None:
    assert open_embedder("minilm", models={}).dimension == 384
    assert open_embedder("hash", models={}).dimension == 64
    assert open_embedder("hash:8", models={}).dimension == 8
    assert open_embedder("acme:large", models={"acme": ACME}).name == "acme:large"
    assert open_model("extractive", models={}).name == "extractive"
    assert open_model("acme", models={"acme": ACME}).identity == "acme:small"


def test_plugins_are_called_with_what_follows_the_colon() -> None:
    plugins = {"mine": lambda argument: HashEmbedder(dimension=int(argument))}
    assert open_embedder("mine:6", models={}, plugins=plugins).dimension == 6
    with pytest.raises(ConfigError, match="not an Embedder"):
        open_embedder("broken", models={}, plugins={"broken": lambda argument: object()})  # type: ignore[dict-item, return-value]  # what a plugin may do


def test_an_unknown_model() -> None:
    with pytest.raises(ConfigError) as caught:
        open_model("extractiv", models={})
    assert "extractive" in caught.value.hint
    assert isinstance(
        open_model("mine", models={}, plugins={"mine": lambda argument: ExtractiveModel()}), ExtractiveModel
    )
