"""Text and tables that explode: whatever is read costs in proportion to its length, or is refused with a reason."""

from __future__ import annotations

import csv
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from voice.console.desk import Desk
from voice.errors import FilesError, HuyingError
from voice.grammar.templates import MAX_EXPANSIONS, expand
from voice.journal.store import Journal
from voice.mandarin.numerals import CannotBeRead
from voice.mandarin.readings import MOST_READINGS, read_table
from voice.measure.scenario import read_scenario
from voice.net.cells import safe, written
from voice.net.loading import Net, check_net, load_net
from voice.net.roster import read_roster
from voice.net.roster_table import parse_roster, read_roster_table, roster_file
from voice.net.settings import read_settings
from voice.station.ear import open_ear
from voice.station.requests import LONGEST_ALERT, AlertRequest, RollRequest, SayRequest, checked


def peak(act: Callable[[], object]) -> int:
    """Bytes of Python objects that were alive at once, at most."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


MANY: dict[str, Callable[[int], str]] = {
    "words with two readings": lambda n: "祭城" * n,
    "numbers with two readings": lambda n: ",".join(str(100 + k % 800) for k in range(n)),
    "both, with erhua": lambda n: "祭城21儿" * n,
    "one long number": lambda n: "1907" * n,
    "letters": lambda n: "H" * n,
}


@pytest.mark.parametrize("kind", MANY)
def test_what_reading_costs_is_in_proportion_to_the_text(net: Net, kind: str) -> None:
    make = MANY[kind]
    net.readings.read(make(2))  # the dictionary is loaded
    small, large = make(50), make(400)
    readings = net.readings.read(large)
    assert 1 <= len(readings) <= 2 * MOST_READINGS
    few, many = peak(lambda: net.readings.read(small)), peak(lambda: net.readings.read(large))
    assert many < 2.5 * few * len(large) / len(small) + 200_000
    spoken = net.readings.spoken(large)
    assert [p[0] for p in readings[0]] == spoken and len(spoken) >= len(small) / 2


def test_the_readings_of_an_ordinary_call_sign_are_all_there(net: Net) -> None:
    said = {" ".join(p[0] for p in r) for r in net.readings.read("祭城12")}
    assert len(said) == 4 and any(s.startswith("zha4 ") for s in said) and any(s.startswith("ji4 ") for s in said)


def test_a_readings_file_with_many_readings(tmp_path: Path) -> None:
    path = tmp_path / "readings.txt"
    path.write_text("收 = shou1 | shou2 | shou3 | shou4\n", "utf-8")
    table, problems = read_table([path])
    assert not problems and len(table.read("收" * 60)) == MOST_READINGS


@pytest.mark.parametrize(
    "wish",
    [
        AlertRequest("下列单位注意:" + ",".join(str(100 + k) for k in range(70))),
        AlertRequest("祭城" * (LONGEST_ALERT // 2)),
        SayRequest("祭城" * 50),
        RollRequest("start", question="祭城" * 200),
    ],
)
def test_requests_are_read_within_bounds(net: Net, wish: AlertRequest | SayRequest | RollRequest) -> None:
    assert peak(lambda: checked(net, wish)) < 20_000_000


@pytest.mark.parametrize(
    "template",
    [
        "(收|到)" * 22,
        "[收]" * 24 + "到",
        "(" * 3000 + "收" + ")" * 3000,
        "(收|" * 500 + "到" + ")" * 500,
        "(" + "|".join("(收|到)" * 8 for _ in range(60)) + ")" + "(一|二|三|四)" * 4,
        "收" * 100_000,
    ],
)
def test_templates_that_expand_without_end_say_so(template: str) -> None:
    def act() -> None:
        with pytest.raises(ValueError):
            expand(template)

    assert peak(act) < 20_000_000


def test_the_largest_template_is_taken() -> None:
    assert len(expand("(一|二)(三|四)(五|六|七|八|九)(甲|乙|丙|丁)(子|丑|寅|卯|辰)")) == MAX_EXPANSIONS


def test_a_long_number_as_call_sign_is_compiled_and_verified(own_net: Callable[..., Path]) -> None:
    """Twenty digits have as many pronunciations as 洞 幺 两 拐 勾 make; the ear tries a few of them."""
    folder = own_net(roster="编号,名称,呼号\n1,长号,10729107291072910729\n2,二号,祭城祭城祭城祭城祭城\n")
    ear = open_ear(load_net(folder))
    assert ear.verification is not None
    for entry in ear.net.lexicon.entries:
        if entry.kind == "unit":
            assert peak(lambda e=entry: ear.verification.verifier._pronunciations(e)) < 5_000_000  # type: ignore[misc]


def table(rows: str) -> bytes:
    """A workbook with these rows of sheet XML."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/></Types>'
        ),
        "_rels/.rels": (
            f'<Relationships xmlns="{relations}"><Relationship Id="rId1" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>'
        ),
        "xl/workbook.xml": (
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>"
        ),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{relations}"><Relationship Id="rId1" Type="{office}/worksheet" '
            'Target="worksheets/sheet1.xml"/></Relationships>'
        ),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, '<?xml version="1.0"?>' + text)
    return out.getvalue()


def cell(at: str, text: str) -> str:
    return f'<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'


HEAD = '<row r="1">' + cell("A1", "编号") + cell("B1", "名称") + "</row>"


@pytest.mark.parametrize(
    "rows",
    [
        HEAD + "<row/>" * 3_000_000,
        HEAD + "".join(f'<row r="{k}">{cell(f"XFD{k}", "x")}</row>' for k in range(2, 3000)),
        HEAD + "<row/>" * 9_000_000,
    ],
)
def test_workbooks_of_emptiness_are_refused(rows: str) -> None:
    with pytest.raises(HuyingError, match=r"more than|unpacks to"):
        parse_roster(table(rows), ".xlsx")


def test_a_unit_in_the_last_line_of_a_sheet_costs_nothing_and_is_taken() -> None:
    far = HEAD + f'<row r="1048576">{cell("A1048576", "1")}{cell("B1048576", "七号")}</row>'
    assert [r["name"] for r in parse_roster(table(far), ".xlsx")[0]] == ["七号"]


def test_a_table_of_a_million_lines_is_refused() -> None:
    with pytest.raises(HuyingError, match="more than"):
        parse_roster(("编号,名称\n" + "1,2\n" * 1_000_000).encode(), ".csv")


def test_an_ordinary_workbook_is_read() -> None:
    data = table(HEAD + f'<row r="2">{cell("A2", "7")}{cell("B2", "七号")}</row>')
    assert [r["name"] for r in parse_roster(data, ".xlsx")[0]] == ["七号"]


def desk(folder: Path, tmp_path: Path) -> Desk:
    return Desk(Journal(str(tmp_path / "log.sqlite")), load_net(folder), tmp_path / "requests")


@pytest.mark.parametrize("sign", ["§§§", "😀", "派出所\u0007", "祭城" * 60, "A" * 5000])
def test_a_roster_that_cannot_be_read_is_never_written(own_net: Callable[..., Path], tmp_path: Path, sign: str) -> None:
    at = desk(own_net(), tmp_path)
    before = at.roster
    rows = [dict(r) for r in before.rows]
    rows[3]["call_signs"] = sign
    after, problems = at.save_roster(rows, before.sha256, "test")
    at.close()
    assert problems and after.sha256 == before.sha256 == read_roster_table(before.path).sha256
    assert all(p.path == before.path for p in problems) and not list(before.path.parent.glob(".*part*"))
    assert load_net(before.path.parent).units


def test_mistakes_elsewhere_in_the_net_do_not_hinder_a_roster(own_net: Callable[..., Path], tmp_path: Path) -> None:
    folder = own_net()
    at = desk(folder, tmp_path)
    (folder / "places.txt").write_text("§§§\n", "utf-8")
    rows = [dict(r) for r in at.roster.rows]
    rows[0]["officer"] = "新的"
    after, problems = at.save_roster(rows, at.roster.sha256, "test")
    at.close()
    assert after.rows[0]["officer"] == "新的" and all(p.path.name == "places.txt" for p in problems)


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", " =1+1", "\u3000=1+1", "＝1+1", "＋1", "＠x"]


@pytest.mark.parametrize("text", FORMULAS)
def test_cells_are_never_formulas(text: str) -> None:
    assert safe(text) == "'" + text and written(safe(text)) == text


@pytest.mark.parametrize("text", ["贾岗", "", "A=1", "'quoted'", "101"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert safe(text) == text == written(text)


def test_cells_hold_no_character_that_a_workbook_lacks(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].append([safe("a\x00\x0b\ud800\uffff")])
    book.save(tmp_path / "x.xlsx")


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_an_exported_roster_has_no_formulas_and_comes_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "roster.csv"
    evil = [e for e in FORMULAS if e == e.strip()]
    lines = [["编号", "名称", "责任民警"], *([str(k), f"单位{k}", e] for k, e in enumerate(evil))]
    with path.open("w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows(lines)
    data = roster_file(path, suffix)
    if suffix == ".csv":
        cells = [c for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))) for c in row]
    else:
        page = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
        assert not [c for row in page.rows for c in row if c.data_type == "f"]
        cells = [str(c.value) for row in page.rows for c in row]
    assert not [c for c in cells if c[:1] in "=+-@＝＋－＠"]
    assert [r["officer"] for r in parse_roster(data, suffix)[0]] == evil


@pytest.mark.parametrize(
    "text",
    [
        "a=" + "[" * 100_000,
        "[" + ".".join("a" * 5_000) + "]\nx=1",
        "[" + ".".join("a" * 50_000) + "]\nx=1",
        "x" + " .\t'y'" * 30_000 + "=1",
        'x."\\".""' + '."\\""' * 30_000 + "=1",
        "[a]\nx={" + ".".join("a" * 50_000) + "=1}",
        "\n".join("[" + ".".join("a" * k) + "]" for k in range(1, 2000)),
        "x=1\n" * 1_000_000,
        "a" * 250_000,
        '"' * 250_000,
        "a " * 125_000,
        "n=" + "9" * 5000,
        "[timing]\nanswer_timeout_s=nan",
        "[timing]\nanswer_timeout_s=inf",
        "[timing]\nlate_window_s=1e400",
    ],
)
def test_settings_that_no_parser_likes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "net.toml"
    path.write_text(text, "utf-8")
    settings, problems = read_settings(path)
    assert settings is None and problems


@pytest.mark.parametrize(
    "text, line, says",
    [
        ("\n[" + ".".join("a" * 50_000) + "]\nx=1", 2, "more than 20 names"),
        ("\n\na" + ".a" * 20 + "=1", 3, "more than 20 names"),
        ("x=1\n" * 1_000_000, 0, "larger than 256 KiB"),
    ],
)
def test_settings_too_deep_or_too_large_are_not_parsed(
    tmp_path: Path, text: str, line: int, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("tomllib.loads")  # the time it takes grows with the square of the depth
    path = tmp_path / "net.toml"
    path.write_text(text, "utf-8")
    settings, (problem,) = read_settings(path)
    assert settings is None and problem.line == line and says in problem.what and problem.fix


@pytest.mark.parametrize("says", ["…" * 100, "." * 100, "1.5, 2.5, 3.5. " * 30, "https://a.b.c.d.e.f.example.org/g.h"])
def test_dots_in_a_text_are_no_depth(tmp_path: Path, says: str) -> None:
    path = tmp_path / "net.toml"
    path.write_text(f'name = "{says}"  # {says}\n[control]\ncall_sign = "派出所"\n', "utf-8")
    settings, problems = read_settings(path)
    assert settings is not None and settings.name == says and not problems


@pytest.mark.parametrize(
    "text",
    [
        "[" * 20_000,
        "start: 2026-13-45\novers: [{pause: 1}]",
        "overs: [{pause: " + "1" * 6000 + "}]",
        "overs: &x [*x]",
        "start: 2026-01-01T25:61:61\novers: [{pause: 1}]",
        "!!python/object/apply:os.system ['true']",
        "overs: [{pause: .nan}]",
        "overs: [{pause: 1:2:3}]\nseed: 0x" + "f" * 9000,
        "overs: [{pause: 1}]\nseed: -1",
    ],
)
def test_scenarios_that_no_parser_likes(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(HuyingError):
        read_scenario(path)


def test_folders_in_the_place_of_files(own_net: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "s.yaml").mkdir()
    with pytest.raises(HuyingError):
        read_scenario(tmp_path / "s.yaml")
    for name in ("net.toml", "roster.csv", "readings.txt", "places.txt"):
        folder = own_net()
        (folder / name).unlink(missing_ok=True)
        (folder / name).mkdir()
        _, problems = check_net(folder)
        assert problems or name in ("readings.txt", "places.txt")
        folder.rename(tmp_path / f"net-{name}")


def test_readings_tell_what_cannot_be_said(net: Net) -> None:
    with pytest.raises(CannotBeRead):
        net.readings.read("a\ud800")
    with pytest.raises(FilesError):
        load_net(Path("no-such-net"))


def test_the_roster_reader_takes_the_table_with_all_its_mistakes(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("编号,名称\n" + "\n".join(f"{k},{'长' * 41}" for k in range(5)) + "\n6,好\n", "utf-8")
    units, problems = read_roster(path)
    assert [u.id for u in units] == ["6"] and len(problems) == 5
