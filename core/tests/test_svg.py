"""The SVG histogram: well-formed, escaped, and drawn to scale."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from qdock.results.svg import svg_histogram

SVG = "{http://www.w3.org/2000/svg}"


def parse(text):
    return ET.fromstring(text)


def test_bars_are_as_long_as_the_counts_say():
    bars = [bar for bar in parse(svg_histogram({"00": 100, "11": 300})).iter(f"{SVG}rect") if bar.get("opacity") == "1"]
    long, short = (float(bar.get("width")) for bar in bars)
    assert long / short == pytest.approx(3, rel=1e-2)


def test_labels_counts_and_percentages_are_text():
    texts = [text.text for text in parse(svg_histogram({"00": 1000, "11": 3000}, title="bell")).iter(f"{SVG}text")]
    assert texts == ["bell", "11", "3,000", "75.0 %", "00", "1,000", "25.0 %"]


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "a & b", "\"'><b>", "]]>"])
def test_texts_are_escaped(hostile):
    root = parse(svg_histogram({hostile: 1}, title=hostile))
    assert {element.tag for element in root.iter()} <= {f"{SVG}{tag}" for tag in ("svg", "g", "rect", "text", "title")}
    assert root.get("aria-label") == hostile


def test_the_rest_is_summed_without_a_bar():
    root = parse(svg_histogram({f"{value:04b}": 1 for value in range(16)}, limit=4))
    last = list(root.iter(f"{SVG}g"))[-1]
    assert [text.text for text in last.iter(f"{SVG}text")] == ["12 others", "12", "75.0 %"]
    assert last.find(f"{SVG}rect") is None


def test_without_a_card_the_text_has_the_colour_of_its_surroundings():
    assert "currentColor" in svg_histogram({"0": 1}, card=False)
    assert "currentColor" not in svg_histogram({"0": 1})


def test_nothing_seen_is_said():
    assert "no outcomes" in svg_histogram({})


def test_long_labels_leave_room_for_bars():
    root = parse(svg_histogram({"0" * 3000: 10**15, "1" * 3000: 1}))
    assert all(float(bar.get("width")) > 0 for bar in root.iter(f"{SVG}rect"))
    assert len(svg_histogram({"0" * 3000: 1})) < 10_000
