"""Models are added by hub name, from a file or from another program's folder, and removed again."""

import json
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from engines.catalog import Catalog, Entry
from engines.hub import add_model, cache, download
from engines.hub.client import Hub
from engines.hub.progress import DownloadProgress
from engines.hub.remove_model import remove
from engines.hub.scan import scan
from engines.weights.detect import detect
from errors import StudioError
from tests.support.hub import LocalHub, local_hub

SD15 = ("text_encoder", "tokenizer", "unet", "vae", "scheduler")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    with local_hub() as served:
        monkeypatch.setenv("HF_ENDPOINT", served.url)
        yield served


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


@pytest.fixture
def catalog(tmp_path: Path, own: Path) -> Catalog:
    return Catalog(tmp_path / "starter", own)


def by_name(catalog: Catalog, name: str, file: str = "") -> Entry:
    with Hub() as connection:
        return add_model.from_repository(catalog, connection, name, file)


def bring(catalog: Catalog, entry: Entry) -> None:
    with Hub() as connection:
        plan = download.plan(connection, entry.parts.values(), Path("/nowhere"))
        download.fetch(connection, plan, DownloadProgress(plan.total, plan.have), lambda: None)
    assert catalog.installed(entry)


def pictures(index: str = "StableDiffusionPipeline") -> dict[str, bytes | str]:
    """Return the files of a diffusers repository."""
    files: dict[str, bytes | str] = {"model_index.json": json.dumps({"_class_name": index})}
    names = {"tokenizer": "vocab.json", "scheduler": "scheduler_config.json"}
    for part in SD15:
        files[f"{part}/{names.get(part, 'config.json')}"] = "{}"
        if part in ("text_encoder", "unet", "vae"):
            files[f"{part}/model.fp16.safetensors"] = part.encode() * 1000
            files[f"{part}/model.safetensors"] = part.encode() * 2000
    return files


def refusal(catalog: Catalog, name: str, **more: Any) -> StudioError:
    with pytest.raises(StudioError) as error:
        by_name(catalog, name, **more)
    return error.value


# -- by name


def test_a_known_pipeline_gets_the_entry_of_its_family(hub: LocalHub, catalog: Catalog, own: Path) -> None:
    hub.add("artist/My_Look", pictures(), card={"license": "creativeml-openrail-m"}, gated=True)
    entry = add_model.enter(catalog, by_name(catalog, f"{hub.url}/artist/My_Look"), own)
    assert catalog.get("my_look") == entry
    assert entry.pipeline == "diffusers:StableDiffusionPipeline"
    assert entry.parts["unet"].repo == "artist/My_Look"
    assert entry.license.commercial
    assert entry.gated
    assert not entry.hidden
    sizes = {part: len(part) * 1000 for part in ("text_encoder", "unet", "vae")}
    assert entry.download_bytes == sum(sizes.values()) + 2  # half precision, and one “{}” for every empty config
    assert add_model.enter(catalog, by_name(catalog, "artist/My_Look"), own).id == "my_look"
    assert len(list(own.iterdir())) == 1


def test_an_sdxl_finetune_keeps_the_auxiliary_models_of_sdxl(hub: LocalHub, catalog: Catalog) -> None:
    more = {
        "text_encoder_2/config.json": "{}",
        "text_encoder_2/model.safetensors": b"t",
        "tokenizer_2/vocab.json": "{}",
    }
    hub.add("artist/xl", {**pictures("StableDiffusionXLPipeline"), **more}, card={"license": "openrail++"})
    entry = by_name(catalog, "artist/xl")
    assert {part.repo for part in entry.parts.values()} == {"artist/xl"}
    assert (entry.lora_family, entry.license.commercial, entry.references) == ("sdxl", True, 4)
    assert [one.id for one in catalog.auxiliary_models(entry, "ip_adapter")] == ["ip-adapter-sdxl"]


def test_a_part_missing_from_a_repository_comes_from_the_known_entry(hub: LocalHub, catalog: Catalog) -> None:
    parts = ("text_encoder", "text_encoder_2", "text_encoder_3", "transformer", "vae")
    files: dict[str, bytes | str] = {"model_index.json": json.dumps({"_class_name": "HiDreamImagePipeline"})}
    files |= {f"{part}/model.safetensors": b"w" * 100 for part in parts}
    files |= {f"{name}/config.json": "{}" for name in ("tokenizer", "tokenizer_2", "tokenizer_3", "scheduler")}
    hub.add("artist/dream", files)
    hub.add("artist/whole", {**files, "text_encoder_4/model.safetensors": b"w" * 50, "tokenizer_4/vocab.json": "{}"})
    entry, whole = by_name(catalog, "artist/dream"), by_name(catalog, "artist/whole")
    assert entry.parts["text_encoder_4"] == catalog.get("hidream-i1-full").parts["text_encoder_4"]
    assert {part.repo for part in whole.parts.values()} == {"artist/whole"}
    assert whole.parts["text_encoder_4"].subfolder == "text_encoder_4"


def test_an_unknown_class_error_names_the_supported_classes(hub: LocalHub, catalog: Catalog) -> None:
    hub.add("artist/three", pictures("StableDiffusion3Pipeline"))
    hub.add("artist/odd", pictures("NobodyPipeline"))
    hub.add("artist/nothing", {"README.md": "words"})
    assert "Stable Diffusion 3 yet" in refusal(catalog, "artist/three").problem.what
    for name in ("artist/odd", "artist/nothing"):
        problem = refusal(catalog, name).problem
        assert problem.code == "unknown_class"
        assert "StableDiffusionPipeline" in problem.next


@pytest.mark.parametrize(
    ("file", "why"), [("big-00001-of-00002.gguf", "split"), ("dreamy_v8.safetensors", "single checkpoint files")]
)
def test_a_repository_without_parts_says_what_it_contains(hub: LocalHub, catalog: Catalog, file: str, why: str) -> None:
    hub.add("artist/single", {"README.md": b"x", file: b"GGUF" + bytes(100)})
    with pytest.raises(StudioError) as error, Hub() as connection:
        add_model.from_repository(catalog, connection, f"{hub.url}/artist/single/tree/main")
    assert why in error.value.problem.why


def test_an_oversized_index_is_not_fetched(hub: LocalHub, catalog: Catalog) -> None:
    hub.add("some/one", {"model_index.json": b" " * (9 << 20)})
    with Hub() as connection, pytest.raises(StudioError, match="invalid answer"):
        add_model.from_repository(catalog, connection, "some/one")
    assert not hub.heard("hub", "/resolve/")


@pytest.mark.parametrize("page", [b"<html>Sign in to our hotel</html>", b"[]", b'{"sha": "x", "cardData": [1]}'])
def test_an_invalid_answer_is_an_error(page: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hotel(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: Any) -> None:
            """Silence."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Hotel) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        with Hub() as connection, pytest.raises(StudioError, match="invalid answer"):
            connection.repo("some/one")
        server.shutdown()


def test_language_models_are_added_by_class(hub: LocalHub, catalog: Catalog) -> None:
    config = {"architectures": ["Qwen3ForCausalLM"]}
    hub.add("lab/writer-4B", {"config.json": json.dumps(config), "model.safetensors": b"w" * 9000, "m.bin": b"x"})
    entry = by_name(catalog, "lab/writer-4B")
    assert (entry.id, entry.runtime, entry.pipeline) == ("writer-4b", "torch", "transformers:Qwen3ForCausalLM")
    assert entry.memory == {"bfloat16": 9000}
    assert not entry.license.commercial  # its card does not say
    hub.add(
        "lab/own-code",
        {"config.json": json.dumps({**config, "auto_map": {"AutoModel": "x.py"}}), "a.safetensors": b"w"},
    )
    assert refusal(catalog, "lab/own-code").problem.code == "needs_code"
    hub.add("lab/other", {"config.json": json.dumps({"architectures": ["BertModel"]}), "a.safetensors": b"w"})
    assert refusal(catalog, "lab/other").problem.code == "unknown_class"


def test_one_of_several_gguf_files_is_chosen(hub: LocalHub, catalog: Catalog) -> None:
    files = {
        "big-Q8_0.gguf": b"g" * 9000,
        "big-Q4_K_M.gguf": b"g" * 5000,
        "mmproj-big.gguf": b"g",
        "x-00001-of-00002.gguf": b"g",
    }
    hub.add("lab/big-GGUF", files, card={"license": "other", "license_name": "lab-terms"})
    problem = refusal(catalog, "lab/big-GGUF").problem
    assert problem.code == "choose_file"
    assert problem.next == "Choose one of them: big-Q4_K_M.gguf, big-Q8_0.gguf."
    entry = by_name(catalog, "lab/big-GGUF", file="big-Q4_K_M.gguf")
    assert (entry.id, entry.runtime, entry.download_bytes) == ("big-q4_k_m", "llama", 5000)
    assert entry.license.name == "lab-terms"
    bring(catalog, entry)
    assert catalog.path(entry, "model").read_bytes() == files["big-Q4_K_M.gguf"]


# -- files


def test_a_smaller_version_in_the_catalog_is_found_by_its_file(hub: LocalHub, catalog: Catalog, own: Path) -> None:
    hub.add("city96/FLUX.1-dev-gguf", {"flux1-dev-Q4_K_S.gguf": b"g" * 50, "flux1-dev-Q2_K.gguf": b"g" * 20})
    entry = by_name(catalog, "city96/FLUX.1-dev-gguf", file="flux1-dev-Q4_K_S.gguf")
    assert (entry.id, entry.quantization_of, entry.runtime) == ("flux.1-dev-q4_k_s", "flux.1-dev", "torch")
    assert add_model.enter(catalog, entry, own) == entry
    assert not list(own.iterdir()), "it is in the catalog already"


def gguf(path: Path, **known: str) -> Path:
    """Write a GGUF file that is only a header."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    pairs = b"".join(text(name) + struct.pack("<I", 8) + text(value) for name, value in known.items())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(known)) + pairs)
    return path


def tensors(path: Path, *names: str, shape: tuple[int, ...] = (1,)) -> Path:
    """Write a safetensors file with these tensors, all of one shape."""
    count = 1
    for side in shape:
        count *= side
    header = {
        name: {"dtype": "U8", "shape": shape, "data_offsets": [i * count, (i + 1) * count]}
        for i, name in enumerate(names)
    }
    text = json.dumps(header).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(count * len(names)))
    return path


WRITER = {"general.architecture": "llama", "general.name": "Small Talk", "tokenizer.ggml.model": "gpt2"}


UNET = "model.diffusion_model."


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([f"{UNET}double_blocks.0.img_attn.qkv.weight", f"{UNET}single_blocks.0.x"], "FLUX.1 diffusion model"),
        ([f"{UNET}input_blocks.0.0.weight", "conditioner.embedders.1.model.a"], "SDXL checkpoint"),
        (["blocks.0.self_attn.q.weight", "patch_embedding.weight"], "Wan diffusion model"),
        (["lora_unet_x.lora_down.weight", "lora_unet_x.lora_up.weight"], "LoRA"),
        (["base_model.model.x.to_k.lora_A.default.weight", "base_model.model.x.to_k.lora_B.default.weight"], "LoRA"),
        (["unet.x.attn2.processor.to_k_lora.down.weight", "unet.x.attn2.processor.to_k_lora.up.weight"], "LoRA"),
        (["double_blocks.0.processor.qkv_lora1.down.weight", "double_blocks.0.processor.qkv_lora1.up.weight"], "LoRA"),
        (["lora_unet_x_to_k.lokr_w1", "lora_unet_x_to_k.lokr_w2"], "LoRA"),
        (["encoder.conv_in.weight", "decoder.conv_in.weight"], "VAE"),
        (["text_model.embeddings.token_embedding.weight"], "CLIP text encoder"),
        (["something.else"], "not recognized"),
    ],
)
def test_the_header_determines_the_family(tmp_path: Path, names: list[str], words: str) -> None:
    found = detect(tensors(tmp_path / "a.safetensors", *names))
    assert found.words == words
    assert not found.usable
    assert found.why


def test_broken_and_unsafe_files_are_never_opened(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").write_bytes(b"\xff" * 100)
    (tmp_path / "b.gguf").write_bytes(b"GGUF" + b"\xff" * 40)
    (tmp_path / "c.ckpt").write_bytes(b"\x80\x04cposix\nsystem\n")
    for name in ("a.safetensors", "b.gguf", "c.ckpt"):
        found = detect(tmp_path / name)
        assert found.kind == "unknown"
        assert found.why


def header_of(text: bytes) -> bytes:
    """Return a safetensors file with this header and 16 bytes of weights."""
    return struct.pack("<Q", len(text)) + text + bytes(16)


def tensor(**odd: Any) -> bytes:
    return json.dumps({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16], **odd}}).encode()


@pytest.mark.parametrize(
    "header",
    [
        b"[1, 2]",
        b'{"a": 5}',
        b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        tensor(shape=5),
        tensor(shape=[[4]]),
        tensor(shape=["4"]),
        tensor(shape=[1] * 9),
        tensor(dtype=5),
        tensor(data_offsets="ab"),
        tensor(data_offsets=[0]),
        tensor(data_offsets=[16, 0]),
        tensor(data_offsets=[-1, 16]),
    ],
)
def test_a_corrupt_safetensors_header_does_not_stop_a_scan(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "odd.safetensors").write_bytes(header_of(header))
    gguf(tmp_path / "talk.gguf", **WRITER)
    assert [(item.name, item.usable) for item in scan(tmp_path).items] == [
        ("talk.gguf", True),
        ("odd.safetensors", False),
    ]


@pytest.mark.parametrize(
    "rest",
    [
        struct.pack("<QQ", 0, 1) + struct.pack("<Q", 1) + b"x" + struct.pack("<I", 9)
        + struct.pack("<IQ", 9, 1) * 3000 + struct.pack("<IQ", 0, 1) + b"\0",
        struct.pack("<QQ", 1, 0) + struct.pack("<Q", 1) + b"t" + struct.pack("<I", 2**32 - 1) + bytes(64),
    ],
    ids=["lists in lists", "sides"],
)  # fmt: skip
def test_a_corrupt_gguf_header_does_not_stop_a_scan(tmp_path: Path, rest: bytes) -> None:
    (tmp_path / "odd.gguf").write_bytes(b"GGUF" + struct.pack("<I", 3) + rest)
    [item] = scan(tmp_path).items
    assert (item.usable, "damaged" in item.why) == (False, True)


@pytest.mark.parametrize("config", ['{"architectures": {"a": 1}}', '{"architectures": 5}', '{"architectures": [5]}'])
def test_a_config_without_a_class_is_an_error(hub: LocalHub, catalog: Catalog, tmp_path: Path, config: str) -> None:
    hub.add("lab/odd", {"config.json": config, "model.safetensors": b"x" * 5000})
    assert refusal(catalog, "lab/odd").problem.code == "unknown_class"
    tensors(tmp_path / "odd" / "model.safetensors", "w")
    (tmp_path / "odd" / "config.json").write_text(config)
    assert not add_model.detect_any(tmp_path / "odd").usable


def test_a_lone_surrogate_in_a_model_card_is_replaced(hub: LocalHub, catalog: Catalog, own: Path) -> None:
    config = '{"architectures": ["LlamaForCausalLM"], "note": "\\ud83d"}'
    files: dict[str, bytes | str] = {"config.json": config, "model.safetensors": b"x" * 5000}
    hub.add("lab/half", files, card={"license": "other", "license_name": "\ud83d own"})
    entry = add_model.enter(catalog, by_name(catalog, "lab/half"), own)
    assert entry.model_dump_json()
    assert catalog.get(entry.id).license.name == "\ufffd own"


def test_a_file_is_used_in_place(tmp_path: Path, catalog: Catalog, own: Path) -> None:
    path = gguf(tmp_path / "elsewhere" / "Small Talk.Q4.gguf", **WRITER)
    entry = add_model.enter(catalog, add_model.from_path(catalog, path), own)
    assert (entry.id, entry.runtime) == ("small-talk.q4", "llama")
    assert catalog.path(entry, "model") == path
    assert catalog.installed(entry)
    again = gguf(tmp_path / "other" / "Small Talk.Q4.gguf", **WRITER)
    assert add_model.enter(catalog, add_model.from_path(catalog, again), own).id == "small-talk.q4-2"


@pytest.mark.parametrize("path", ["relative.gguf", "/nowhere/a.gguf", "~/nowhere.gguf"])
def test_a_missing_path_is_an_error(catalog: Catalog, path: str) -> None:
    with pytest.raises(StudioError) as error:
        add_model.from_path(catalog, Path(path))
    assert error.value.problem.code == "not_readable"


def test_another_programs_folder_is_scanned(tmp_path: Path, catalog: Catalog) -> None:
    models = tmp_path / "ComfyUI" / "models"
    tensors(
        models / "checkpoints" / "xl.safetensors",
        "model.diffusion_model.input_blocks.0.0.weight",
        "conditioner.embedders.1.a",
    )
    tensors(models / "loras" / "grain.safetensors", "a.lora_down.weight")
    (models / "vae").mkdir()
    (models / "vae" / "old.pt").write_bytes(b"x")
    gguf(models / "llm" / "talk.gguf", **WRITER)
    folder = models / "diffusers" / "look"
    tensors(folder / "unet" / "model.safetensors", "conv_in.weight")
    (folder / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    (models / "loop").symlink_to(models)
    found = scan(models)
    what = {item.name: (item.what, item.usable) for item in found.items}
    assert what == {
        "checkpoints/xl.safetensors": ("SDXL checkpoint", False),
        "loras/grain.safetensors": ("LoRA", False),
        "vae/old.pt": ("not recognized", False),
        "llm/talk.gguf": ("Small Talk language model", True),
        "diffusers/look": ("Stable Diffusion 1.5 checkpoint", True),
    }
    assert [item.usable for item in found.items] == [True, True, False, False, False]
    assert all(item.why for item in found.items if not item.usable)
    assert add_model.from_path(catalog, folder).parts["unet"].subfolder == "unet"
    with pytest.raises(StudioError):
        scan(tmp_path / "nowhere")


# -- removing


def test_removing_frees_disk_space_but_keeps_shared_files(
    hub: LocalHub, catalog: Catalog, own: Path, tmp_path: Path
) -> None:
    hub.add("artist/one", pictures())
    one = add_model.enter(catalog, by_name(catalog, "artist/one"), own)
    parts = {**one.parts, "unet": one.parts["vae"]}
    two = add_model.enter(catalog, one.model_copy(update={"id": "two", "parts": parts}), own)
    bring(catalog, one)
    assert catalog.installed(two)
    freed = remove(one, catalog, own, tmp_path / "models")
    assert freed == len("unet") * 1000
    assert not catalog.installed(one)
    assert catalog.installed(two)
    assert remove(two, catalog, own, tmp_path / "models") > 0
    assert not cache.folder("artist/one").exists()
    assert {entry.id for entry in catalog.entries.values()} >= {"one", "two"}
    remove(one, catalog, own, tmp_path / "models")
    assert "one" not in catalog.entries


def test_files_of_another_program_are_kept(catalog: Catalog, own: Path, tmp_path: Path) -> None:
    path = gguf(tmp_path / "elsewhere" / "talk.gguf", **WRITER)
    entry = add_model.enter(catalog, add_model.from_path(catalog, path), own)
    assert remove(entry, catalog, own, tmp_path / "models") == 0
    assert path.exists()
    assert entry.id not in catalog.entries
    brought = gguf(tmp_path / "models" / "talk.gguf", **WRITER)
    entry = add_model.enter(catalog, add_model.from_path(catalog, brought), own)
    assert remove(entry, catalog, own, tmp_path / "models") > 0
    assert not brought.exists()


def test_a_starter_model_cannot_be_removed(catalog: Catalog, own: Path, tmp_path: Path) -> None:
    with pytest.raises(StudioError) as error:
        remove(catalog.get("rife"), catalog, own, tmp_path)
    assert error.value.problem.code == "starter_model"


def test_models_in_the_hugging_face_cache_are_installed(hub: LocalHub, catalog: Catalog, own: Path) -> None:
    """A model that Hugging Face's own tool downloaded counts as installed."""
    from huggingface_hub import snapshot_download

    hub.add("artist/one", pictures())
    entry = add_model.enter(catalog, by_name(catalog, "artist/one"), own)
    content = hub.repositories["artist/one"]
    target = cache.folder("artist/one") / "snapshots" / content.commit
    for name, data in content.files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data)
    (cache.folder("artist/one") / "refs").mkdir()
    (cache.folder("artist/one") / "refs" / "main").write_text(content.commit)
    assert catalog.installed(entry)
    assert target.samefile(snapshot_download("artist/one", cache_dir=cache.root(), local_files_only=True))
