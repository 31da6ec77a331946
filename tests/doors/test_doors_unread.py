"""What nobody could read is shown at the terminal: where it stood, its first characters, escaped and bounded."""

from tests.support import pictures
from tests.support.libraries import dam

WORDS = '{"recipe": "a cat", "api_key": "a1B2c3D4e5F6g7H8i9J0"}\x1b[2J' + "x" * 900


def test_inspect_and_show_print_the_start_of_an_unread_carrier(library, tmp_path):
    path = pictures.put(tmp_path / "drive", "new.png", pictures.png(pictures.painted(1), {"newtool": WORDS}))
    dam(library, "scan", str(path.parent))
    for words in (("inspect", str(path)), ("show", "new.png")):
        (line,) = [x for x in dam(library, *words).out.splitlines() if x.strip().startswith("unread")]
        assert f"png:tEXt:newtool ({len(WORDS)} bytes)" in line
        assert '"a cat", "api_key": "REDACTED"}\\x1b[2Jxxx' in line
        assert len(line) < 260
    assert [c["title"] for c in dam(library, "search", "parse:unparsed", "--json").lines] == ["new.png"]
