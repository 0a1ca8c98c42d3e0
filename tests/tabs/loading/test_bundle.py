"""The page's scripts as one file: it runs like the modules, and errors in it name them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tabs.loading.bundle import bundle, source_map

NODE = Path(sys.executable).parent / "node"


def modules(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "main.js"


def run(script: str, folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    (folder / "bundled.mjs").write_text(script)
    command = [str(NODE), *options, str(folder / "bundled.mjs")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_bundle_runs_like_its_modules(tmp_path: Path) -> None:
    entry = modules(
        tmp_path,
        words='/** A word. */\nexport const word = "hello";\n/**\n * Louder.\n */\nexport function loud(text) {\n'
        "  return text.toUpperCase();\n}\nconst hidden = 1;\n",
        people='import { word as greeting } from "./words.js";\n\nexport class Person {\n'
        "  greet() { return greeting; }\n}\nconst hidden = 2;\nexport const both = () => hidden;\n",
        later="export default 7;\n",
        main='import * as words from "./words.js";\nimport {\n  Person,\n  both,\n} from "./people.js";\n'
        "console.log(words.loud(new Person().greet()), both());\n"
        'import("./later.js").then(({ default: seven }) => console.log(seven));\n',
    )
    bundled = bundle(entry, lambda path: f"./{path.name}")
    done = run(bundled.script, tmp_path)
    assert (done.stdout, done.stderr) == ("HELLO 2\n7\n", "")
    assert "Louder" not in bundled.script


def test_an_error_names_the_line_of_the_module(tmp_path: Path) -> None:
    entry = modules(
        tmp_path,
        broken="/**\n * Fails.\n */\nexport function fail() {\n  throw new Error('here');\n}\n",
        main='import { fail } from "./broken.js";\n\nfail();\n',
    )
    bundled = bundle(entry, str)
    (tmp_path / "bundled.map").write_text(json.dumps(source_map(bundled, tmp_path)))
    done = run(f"{bundled.script}//# sourceMappingURL=bundled.map\n", tmp_path, "--enable-source-maps")
    assert f"{tmp_path / 'broken.js'}:5" in done.stderr
    assert f"{tmp_path / 'main.js'}:3" in done.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\nexport default 1;\n", "main.js, line 2 cannot be bundled: export default 1;"),
        ('import "./other.js";\n', "main.js, line 1 cannot be bundled"),
        ("export let count = 0;\n", "main.js, line 1 cannot be bundled"),
        ('import { a } from "./main.js";\n', "main.js imports itself: main.js → main.js"),
    ],
)
def test_what_cannot_be_bundled_is_named(tmp_path: Path, text: str, said: str) -> None:
    entry = modules(tmp_path, main=text)
    with pytest.raises(ValueError, match=said):
        bundle(entry, str)
