"""Documents become text; others are refused with a reason."""

import stat
import time
import zipfile
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from engines.media import intake
from engines.media.documents import FDX, PDF, RTF, TEXT, ZIP, document_type, read_document
from engines.media.extract import MAX_TEXT
from engines.media.text_encoding import decode
from errors import StudioError


def pdf(path: Path, *pages: str, password: str = "") -> Path:
    """Write a PDF with one text per page, line by line like a film treatment."""
    writer = PdfWriter()
    font = writer._add_object(
        DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
    )
    for text in pages:
        page = writer.add_blank_page(595, 842)
        lines = "".join(f"({line}) Tj 0 -14 Td " for line in text.split("\n"))
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 11 Tf 50 780 Td {lines}ET".encode())
        page[NameObject("/Contents")] = writer._add_object(content)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
    if password:
        writer.encrypt(password)
    writer.write(path)
    return path


def refused(path: Path) -> str:
    with pytest.raises(StudioError) as error:
        intake.inspect(path, path.name)
    assert path.name in error.value.problem.what
    assert error.value.problem.what.endswith(".")
    return error.value.problem.code


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"INT. HARBOUR - DAY\n\nA gull.", "INT. HARBOUR - DAY\n\nA gull."),
        ("Grüße, “naïve” 你好".encode(), "Grüße, “naïve” 你好"),
        (b"\xef\xbb\xbfa,b\r\n1,2\r\n", "a,b\r\n1,2\r\n"),
        ("café 映画".encode("utf-16"), "café 映画"),
        ("Grüße".encode("cp1252"), "Grüße"),
    ],
)
def test_text_in_any_encoding(tmp_path: Path, content: bytes, text: str) -> None:
    path = tmp_path / "notes.md"
    path.write_bytes(content)
    found = intake.inspect(path, "notes.md")
    assert (found.facts.kind, found.facts.mime, found.suffix, found.facts.frames) == ("document", TEXT, ".txt", None)
    assert read_document(path, TEXT, "notes").text == text


def test_a_final_draft_script(tmp_path: Path) -> None:
    path = tmp_path / "film.fdx"
    path.write_text(
        '<?xml version="1.0" encoding="UTF-8"?><FinalDraft DocumentType="Script"><Content>'
        '<Paragraph Type="Scene Heading"><Text>Int. Harbour - Day</Text></Paragraph>'
        '<Paragraph Type="Character"><Text>Ada</Text></Paragraph>'
        '<Paragraph Type="Dialogue"><Text>We sail </Text><Text Style="Bold">now</Text><Text>.</Text></Paragraph>'
        "</Content></FinalDraft>"
    )
    assert intake.inspect(path, path.name).facts.mime == FDX
    assert read_document(path, FDX, "film").text == "INT. HARBOUR - DAY\n\nADA\n\nWe sail now."
    path.write_text("<FinalDraft><Content>")
    assert refused(path) == "bad_document"


def test_a_pdf_page_by_page(tmp_path: Path) -> None:
    path = pdf(tmp_path / "a.pdf", "The harbour\nwas quiet that morning.", "Only the gulls knew it.")
    found = intake.inspect(path, "a.pdf")
    assert (found.facts.kind, found.facts.mime, found.suffix) == ("document", PDF, ".pdf")
    document = read_document(path, PDF, "a")
    assert document.pages == 2
    assert document.text == "[page 1]\nThe harbour\nwas quiet that morning.\n\n[page 2]\nOnly the gulls knew it."


@pytest.mark.slow
def test_three_hundred_pages_are_cached(tmp_path: Path) -> None:
    page = "\n".join(f"{n}. The boats come home in the evening, and the harbour master counts." for n in range(45))
    path = pdf(tmp_path / "novel.pdf", *[page] * 300)
    intake.inspect(path, path.name)
    began = time.monotonic()
    document = read_document(path, PDF, "novel")
    assert time.monotonic() - began < 1
    assert document.pages == 300
    assert len(document.text) > 900_000
    path.rename(tmp_path / "moved.pdf")
    assert read_document(tmp_path / "moved.pdf", PDF, "novel") is document


def test_pdfs_that_cannot_be_read(tmp_path: Path) -> None:
    assert refused(pdf(tmp_path / "locked.pdf", "A secret that nobody reads.", password="x")) == "locked_document"
    assert refused(pdf(tmp_path / "scanned.pdf", "", "")) == "scanned_document"
    whole = pdf(tmp_path / "whole.pdf", "The harbour was quiet that morning.").read_bytes()
    (tmp_path / "head.pdf").write_bytes(whole[:120])
    assert refused(tmp_path / "head.pdf") == "bad_document"
    (tmp_path / "noise.pdf").write_bytes(b"%PDF-1.7\n" + bytes(range(256)) * 40)
    assert refused(tmp_path / "noise.pdf") == "bad_document"


def packed(path: Path, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name.replace("__", "/"), content)
    return path


def test_a_zip_of_code(tmp_path: Path) -> None:
    inner = packed(tmp_path / "inner.zip", a=b"x").read_bytes()
    path = packed(
        tmp_path / "code.zip",
        **{
            "app__main.py": b"print('hello')\n",
            "README.md": "Größe".encode(),
            "logo.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
            "nested.zip": inner,
            "node_modules/x/index.js": b"left aside",
            ".git/config": b"left aside",
        },
    )
    with zipfile.ZipFile(path, "a") as package:
        link = zipfile.ZipInfo("passwords")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        package.writestr(link, "/etc/passwd")
    found = intake.inspect(path, path.name)
    assert (found.facts.kind, found.facts.mime, found.suffix) == ("document", ZIP, ".zip")
    document = read_document(path, ZIP, "code")
    assert document.text == "=== app/main.py\nprint('hello')\n\n\n=== README.md\nGröße"
    assert (document.files, document.skipped) == (2, 3)


def test_a_large_zip_is_read_quickly(tmp_path: Path) -> None:
    path = tmp_path / "project.zip"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("cut.py", "print('cut')")
        with package.open("shot.mov", "w") as clip:
            for _ in range(50):
                clip.write(bytes(range(256)) * 4096)
    assert path.stat().st_size > 50_000_000
    began = time.monotonic()
    document = read_document(path, ZIP, "project")
    assert time.monotonic() - began < 15
    assert (document.text, document.files, document.skipped) == ("=== cut.py\nprint('cut')", 1, 1)


def test_malicious_and_empty_zips_are_refused(tmp_path: Path) -> None:
    bomb = packed(tmp_path / "bomb.zip", **{f"{n}.txt": b"a" * 1_900_000 for n in range(MAX_TEXT // 1_900_000 + 1)})
    assert bomb.stat().st_size < 100_000
    assert refused(bomb) == "long_document"
    assert refused(packed(tmp_path / "one.zip", big=b"a" * 50_000_000)) == "empty_document"
    assert refused(packed(tmp_path / "none.zip")) == "empty_document"
    assert refused(packed(tmp_path / "letter.docx", **{"[Content_Types].xml": b"<Types/>"})) == "office_document"
    half = packed(tmp_path / "half.zip", a=b"x" * 9000).read_bytes()
    (tmp_path / "half.zip").write_bytes(half[:-30])
    assert refused(tmp_path / "half.zip") == "bad_document"


def test_other_files_are_no_documents(tmp_path: Path) -> None:
    for name, content in {"a.txt": b"a\0b" * 100, "b.txt": bytes(range(1, 32)) * 40}.items():
        (tmp_path / name).write_bytes(content)
        assert document_type(tmp_path / name) is None


WORDS = "Größe: 5 € für Übernachtung"
ENCODED = {
    "utf-8": WORDS.encode(),
    "utf-8 with its mark": b"\xef\xbb\xbf" + WORDS.encode(),
    "cp1252": WORDS.encode("cp1252"),
    "utf-16": b"\xff\xfe" + WORDS.encode("utf-16-le"),
    "utf-16, big end first": b"\xfe\xff" + WORDS.encode("utf-16-be"),
    "utf-16 without its mark": WORDS.encode("utf-16-le"),
    "utf-32": WORDS.encode("utf-32"),
}
OTHER_SCRIPTS = {
    "cp1251": "1\r\n00:00:01,000 --> 00:00:02,000\r\nПривет, мир\r\n",
    "shift_jis": "港は静かだった",
    "gbk": "港口很安静，没有人来。",
    "big5": "港口很安靜，沒有人來。",
    "cp1250": "Žluťoučký kůň",
    "koi8-r": "Привет, мир",
    "cp1253": "Καλημέρα κόσμε",
}


@pytest.mark.parametrize("content", ENCODED.values(), ids=ENCODED)
def test_a_text_is_the_same_alone_and_in_a_zip(tmp_path: Path, content: bytes) -> None:
    alone, packed = tmp_path / "a.txt", tmp_path / "a.zip"
    alone.write_bytes(content)
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("brief.txt", content)
    assert document_type(alone) == TEXT
    assert read_document(alone, TEXT, "a.txt").text == WORDS
    assert read_document(packed, ZIP, "a.zip").text == f"=== brief.txt\n{WORDS}"


@pytest.mark.parametrize("encoding", OTHER_SCRIPTS)
def test_other_scripts_are_recognized_and_the_guess_is_returned(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(OTHER_SCRIPTS[encoding].encode(encoding))
    document = read_document(path, TEXT, "a.txt")
    assert document.text == OTHER_SCRIPTS[encoding]
    assert document.guess


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "UTF-16", "UTF-8"])
def test_a_script_is_read_in_the_encoding_it_declares(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.fdx"
    xml = f'<?xml version="1.0" encoding="{encoding}"?><FinalDraft><Content><Paragraph Type="Action"><Text>Größe</Text>'
    path.write_bytes(f"{xml}</Paragraph></Content></FinalDraft>".encode(encoding))
    assert document_type(path) == FDX
    assert read_document(path, FDX, "a.fdx").text == "Größe"


@pytest.mark.parametrize("encoding", ["UTF-16", "utf-32", "utf-7", "undefined", "punycode", "idna", "unheard-of"])
def test_an_impossible_declaration_is_ignored(tmp_path: Path, encoding: str) -> None:
    path, xml = tmp_path / "a.fdx", f'<?xml version="1.0" encoding="{encoding}"?><FinalDraft><Content><Paragraph>'
    whole = f"{xml}<Text>Die Größe der Brücke</Text></Paragraph></Content></FinalDraft>".encode()
    path.write_bytes(whole)
    assert document_type(path) == FDX
    assert read_document(path, FDX, "a.fdx").text == "Die Größe der Brücke"
    path.write_bytes(whole + b"\xff")
    assert refused(path) == "bad_document"


@pytest.mark.parametrize("stray", [b"\x96", b"\xff", "ü".encode()[:1]])
def test_one_stray_byte_replaces_one_character(stray: bytes) -> None:
    words = "She said “no” — and left. Größe, Café, Straße, Привет. It’s fine. " * 4
    assert decode(words.encode() + stray) == (f"{words}\ufffd", "")
    assert decode(words.encode() + stray + b" end").text == f"{words}\ufffd end"


def test_special_characters_after_much_plain_text_are_read() -> None:
    text, guess = decode(b"plain words " * 100_000 + "Größe für Übernachtung".encode("cp1252"))
    assert text.endswith("Größe für Übernachtung")
    assert guess == "cp1252"


def test_file_names_in_a_zip_use_the_code_page_of_its_computer(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    names = ["台本の下書き.txt".encode("cp932"), "Größe.txt".encode("cp850"), "сцена вторая.txt".encode("cp866")]
    with zipfile.ZipFile(path, "w") as package:
        for number, raw in enumerate(names):
            package.writestr(str(number) * len(raw), "words")  # without the UTF-8 flag
    content = path.read_bytes()
    for number, raw in enumerate(names):
        content = content.replace(str(number).encode() * len(raw), raw)
    path.write_bytes(content)
    text = read_document(path, ZIP, "a.zip").text
    assert [line.removeprefix("=== ") for line in text.split("\n") if line.startswith("===")] == [
        "台本の下書き.txt",
        "Größe.txt",
        "сцена вторая.txt",
    ]


def test_a_zip_with_a_stored_pdf_is_a_zip_and_a_text_about_pdfs_a_text(tmp_path: Path) -> None:
    package = tmp_path / "a.zip"
    with zipfile.ZipFile(package, "w") as file:
        file.writestr("treatment.pdf", b"%PDF-1.4\n" + b"x" * 200)
        file.writestr("note.txt", "words")
    assert document_type(package) == ZIP
    assert read_document(package, ZIP, "a.zip").skipped == 1
    text = tmp_path / "a.py"
    text.write_text("# reads what begins with %PDF-\nMARK = b'%PDF-'\n")
    assert document_type(text) == TEXT
    behind = pdf(tmp_path / "a.pdf", "A treatment of many words, of more words, and of words that are more still.")
    behind.write_bytes(b"\x00\x01\x02junk\x00\n" + behind.read_bytes())
    assert document_type(behind) == PDF


def test_rich_text_is_read_as_plain_text(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(rb"{\rtf1\ansi\ansicpg1252 Gr\'f6\'dfe: {\b 5} \'80\par Next}")
    assert document_type(path) == RTF
    assert read_document(path, RTF, "a.rtf").text.split("\n")[:2] == ["Größe: 5 €", "Next"]
