"""The address of an Ollama server as people write it: the URL that is used and the one that is shown."""

import pytest

from engines.ollama_address import read_address


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("gpu-box", "http://gpu-box:11434"),
        ("gpu-box/v1", "http://gpu-box:11434"),
        ("gpu-box:8080", "http://gpu-box:8080"),
        ("[fd00::1]", "http://[fd00::1]:11434"),
        ("http://gpu-box", "http://gpu-box"),
        ("https://gpu-box/ollama/api/", "https://gpu-box/ollama"),
        ("gpu-box:many", "http://gpu-box:many"),
    ],
)
def test_without_scheme_and_port_the_port_is_ollamas(written: str, asked: str) -> None:
    assert read_address(written).url == asked


@pytest.mark.parametrize("password", ["s3cret", "s3/cret", "s3#cret", "s3?cret", "s3@cret", "a://b", "s3[cret"])
@pytest.mark.parametrize("scheme", ["", "http://"])
def test_a_password_is_never_shown(scheme: str, password: str) -> None:
    address = read_address(f"{scheme}max:{password}@gpu-box:11434")
    assert (address.url, address.login) == ("http://gpu-box:11434", ("max", password))
    assert password not in repr(address)


def test_an_invalid_address_shows_no_password_either() -> None:
    assert "s3cret" not in read_address("http://max:s3cret@[gpu-box").url
