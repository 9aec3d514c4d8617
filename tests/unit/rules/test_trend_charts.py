"""The picture of a source's last files: read back as the SVG that a browser gets."""

import base64
from xml.etree import ElementTree as ET

import pytest

from laurels.rules.trend_charts import FileFigures, refused_share, trend_chart

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*files: FileFigures) -> ET.Element:
    kind, _, data = trend_chart(files).partition(",")
    assert kind == "data:image/svg+xml;base64"
    return ET.fromstring(base64.b64decode(data))


def bars(chart: ET.Element) -> list[tuple[str, float]]:
    """Colour and height of each bar, in order; the legend's squares and the background are none."""
    found = [(one.get("fill", ""), float(one.get("height", 0))) for one in chart.iter(f"{SVG}rect")][1:]
    return found[:-2]


def texts(chart: ET.Element) -> list[str]:
    return [one.text or "" for one in chart.iter(f"{SVG}text")]


def test_each_file_is_a_bar_as_tall_as_its_rows_with_a_red_part_of_what_was_refused() -> None:
    chart = drawn(FileFigures(7, 1000, 250), FileFigures(8, 500, 0), FileFigures(9, 0, 0))
    assert bars(chart) == [
        ("#4c7ec9", 146),
        ("#d9363e", 36.5),
        ("#4c7ec9", 73),
        ("#d9363e", 0),
        ("#4c7ec9", 0),
        ("#d9363e", 0),
    ]
    told = "3 files; refused of the last one: -, at most: 25.0 % (intake 7)"
    assert texts(chart) == [told, "1,000", "0", "intake 7", "intake 9", "rows", "of these refused"]


def test_one_bad_row_of_a_million_is_seen_and_never_taller_than_its_file() -> None:
    chart = drawn(FileFigures(1, 1_000_000, 1), FileFigures(2, 1, 1))
    assert bars(chart) == [("#4c7ec9", 146), ("#d9363e", 2), ("#4c7ec9", 0), ("#d9363e", 0)]


@pytest.mark.parametrize("files", [[], [FileFigures(1, 0, 0)]])
def test_of_nothing_there_is_a_picture_without_height(files: list[FileFigures]) -> None:
    assert all(height == 0 for _, height in bars(drawn(*files)))


def test_thirty_files_stay_inside() -> None:
    chart = drawn(*(FileFigures(number, 10, 1) for number in range(30)))
    ends = [float(one.get("x", 0)) + float(one.get("width", 0)) for one in chart.iter(f"{SVG}rect")]
    assert max(ends) <= 720
    assert len(bars(chart)) == 60


def test_a_share_of_nothing_is_none() -> None:
    assert (refused_share(0, 0), refused_share(3, 1), refused_share(1000, 0)) == ("-", "33.3 %", "0.0 %")
