"""The files a duty officer edits: every mistake with its file, line and remedy, all at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook

from voice.errors import FilesError
from voice.net.loading import check_net, load_net
from voice.net.roster import read_roster
from voice.places import sample_net
from voice.text import NotText, decoded

OwnNet = Callable[..., Path]


def test_sample_net_is_clean() -> None:
    net, problems = check_net(sample_net())
    assert problems == [] and net is not None
    assert len(net.units) == 42 and net.settings.control.call_sign == "派出所"


def test_all_mistakes_of_all_files_at_once(own_net: OwnNet) -> None:
    folder = own_net(
        roster="编号,名称,呼号\n1,甲,甲社区\n1,乙,乙社区\n,丙,丙社区\n4,丁,丁😀\n5,戊,甲社区\n",
        settings='name = "x"\ngrammars = ["own"]\n[control]\ncall_sign = "派出所"\n[timing]\nanswer_timeout_s = -1\n',
        words="ack 收到\n",
    )
    _, problems = check_net(folder)
    places = {(p.path.name, p.line) for p in problems}
    assert {("net.toml", 6), ("roster.csv", 3), ("roster.csv", 4)} <= places
    good = 'name = "x"\ngrammars = ["own", "nowhere"]\n[control]\ncall_sign = "派出所"\n'
    (folder / "net.toml").write_text(good, "utf-8")
    _, problems = check_net(folder)
    places = {(p.path.name, p.line) for p in problems}
    assert {("roster.csv", 3), ("roster.csv", 4), ("roster.csv", 5), ("roster.csv", 6), ("words.txt", 1)} <= places
    assert all(p.fix for p in problems) and any("nowhere" in p.what for p in problems)
    with pytest.raises(FilesError) as e:
        load_net(folder)
    assert str(e.value).count("\n") == len(problems) - 1


def test_places_have_readings_and_are_nothing_else(own_net: OwnNet) -> None:
    folder = own_net()
    (folder / "places.txt").write_text("湖心公园  # 北门\n\n省残联\n收到\n☺\n", "utf-8")
    net, problems = check_net(folder)
    assert [p.line for p in problems if p.path.name == "places.txt"] == [3, 4, 5]
    assert net is not None and [e.text for e in net.lexicon.entries if e.kind == "place"] == ["湖心公园"]


@pytest.mark.parametrize(
    "text, line, says",
    [
        ('name = "x"\n[control]\ncall_sign = 5\n', 3, "string"),
        ('name = "x"\n[control]\ncall_sign = "派出所"\n[langage]\n', 4, "langage"),
        ('name = "x"\n[control]\ncall_sign = "派出所"\n[language]\naccent = "mars"\n', 5, "zhongyuan"),
        ("name = x\n", 1, "not TOML"),
        ('name = "x"\n', 1, "control"),
    ],
)
def test_settings_mistakes_carry_their_line(own_net: OwnNet, text: str, line: int, says: str) -> None:
    _, problems = check_net(own_net(settings=text))
    mine = [p for p in problems if p.path.name == "net.toml"]
    assert [p.line for p in mine] == [line] and says in str(mine[0])


def test_a_net_without_units_or_files(own_net: OwnNet, tmp_path: Path) -> None:
    _, problems = check_net(own_net(roster="编号,名称,呼号\n"))
    assert any("no units" in p.what for p in problems)
    _, problems = check_net(tmp_path / "nothing")
    assert any("no such file" in p.what for p in problems)


def test_roster_as_workbook_in_english_and_in_the_local_code_page(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["ID", "Name", "Call signs", "Group"], [7, "省残联", "省残联;残联", "机构"], [None, None, None, None]):
        sheet.append(row)
    book.save(tmp_path / "r.xlsx")
    (unit,), problems = read_roster(tmp_path / "r.xlsx")
    assert not problems and (unit.id, unit.call_signs, unit.group) == ("7", ("省残联", "残联"), "机构")
    (tmp_path / "r.csv").write_bytes("编号,名称\n1,贾岗社区\n".encode("gb18030"))
    (unit,), problems = read_roster(tmp_path / "r.csv")
    assert not problems and unit.call_signs == ("贾岗社区",)


def test_what_is_no_roster(tmp_path: Path) -> None:
    (tmp_path / "r.xlsx").write_bytes(b"no workbook")
    (tmp_path / "empty.csv").write_text("", "utf-8")
    (tmp_path / "head.csv").write_text("甲,乙\n1,2\n", "utf-8")
    for name in ("r.xlsx", "empty.csv", "head.csv", "none.csv"):
        units, problems = read_roster(tmp_path / name)
        assert units == () and problems and problems[0].fix


@pytest.mark.no_cover
def test_ten_thousand_units(own_net: OwnNet) -> None:
    rows = [f"{k},单位{k},{a}{b}{c}{d}社区" for k, (a, b, c, d) in enumerate(_names(10_000))]
    net = load_net(own_net(roster="编号,名称,呼号\n" + "\n".join(rows) + "\n"))
    assert len(net.units) == 10_000


def _names(n: int) -> list[tuple[str, str, str, str]]:
    chars = "金水建业康宁永平白沙"
    return [(chars[k // 1000 % 10], chars[k // 100 % 10], chars[k // 10 % 10], chars[k % 10]) for k in range(n)]


def test_letters_and_digits_in_call_signs(own_net: OwnNet) -> None:
    net = load_net(own_net(roster="编号,名称,呼号\n1,甲,A区3号\n"))
    assert net.lexicon.entries[0].pinyin == "ei1 qu1 san1 hao4"


@pytest.mark.parametrize("data", [b"a\0\x94", b"\x94\0b", b"\xff\xfe\0", b"x = 1\n\0\xe5\xe5"])
def test_bytes_with_nul_that_are_no_text(data: bytes) -> None:
    """Found by the fuzzer: a traceback in place of a word."""
    with pytest.raises(NotText):
        decoded(data)


def test_a_rare_character_says_where_its_reading_goes(own_net: OwnNet) -> None:
    """䶮 and 喆 are known; 𠮷 (吉 with another stroke) is in no table of readings."""
    folder = own_net(roster="编号,名称,呼号\n1,甲,𠮷祥\n2,乙,䶮山小学\n3,丙,赵喆\n4,丁,笑☺\n")
    net, problems = check_net(folder)
    assert net is not None and [u.line for u in problems] == [2, 5]
    assert "readings.txt: 𠮷 = …" in problems[0].fix and "Chinese characters" in problems[1].fix
    (folder / "readings.txt").write_text("𠮷 = ji2\n", "utf-8")
    net, problems = check_net(folder)
    assert net is not None and len(problems) == 1
    assert "ji2 xiang2" in [e.pinyin for e in net.lexicon.entries]
