"""Any address that people paste for a hub model yields its repository, file and branch."""

import pytest

from engines.hub.address import Address, read
from errors import StudioError


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (" some.org/My.Model-1.5B_v0.2 ", Address("some.org/My.Model-1.5B_v0.2")),
        ("gpt2", Address("gpt2")),
        ("https://huggingface.co/a/b/", Address("a/b")),
        ("https://huggingface.co/a/b?library=transformers#files", Address("a/b")),
        ("huggingface.co/a/b", Address("a/b")),
        ("hf.co/a/b:Q4_K_M", Address("a/b")),
        ("ollama run hf.co/a/b", Address("a/b")),
        ("https://huggingface.co/a/b/tree/main", Address("a/b", "", "main")),
        ("https://huggingface.co/a/b/blob/v2/x/y%20z.gguf", Address("a/b", "x/y z.gguf", "v2")),
        (
            "https://huggingface.co/a/b/resolve/main/q.safetensors?download=true",
            Address("a/b", "q.safetensors", "main"),
        ),
    ],
)
def test_addresses_are_parsed(text: str, meant: Address) -> None:
    assert read(text) == meant


def test_an_invalid_address_is_left_for_the_hub_to_reject() -> None:
    assert read("https://[abc") == Address("https://[abc")


def test_an_address_on_another_website_is_rejected_with_advice() -> None:
    with pytest.raises(StudioError, match=r"The studio cannot download from civitai\.com.*Download the file"):
        read("https://civitai.com/models/1234/boats")


def test_an_address_of_the_configured_hub_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://mirror.example:8080")
    assert read("http://mirror.example:8080/a/b/tree/main").repo == "a/b"
