"""Histograms with matplotlib, and the error where it is missing."""

from __future__ import annotations

import io
import sys

import pytest

from qdock.results.counts import Counts
from qdock.results.plot import plot_histogram


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'qdock\[plot\]'"):
        Counts({"0": 1}).plot()


class TestWithMatplotlib:
    @pytest.fixture(autouse=True)
    def _matplotlib(self):
        pytest.importorskip("matplotlib")

    def labels(self, figure):
        return [text.get_text() for text in figure.axes[0].get_yticklabels()]

    def widths(self, figure):
        return [patch.get_width() for patch in figure.axes[0].patches]

    def test_a_figure_shows_the_likeliest_first_and_the_rest_summed(self):
        figure = Counts({value: value + 1 for value in range(8)}, num_clbits=3).plot(limit=2, title="three")
        assert self.labels(figure) == ["111", "110", "6 others"]
        assert self.widths(figure) == pytest.approx([1, 7 / 8, 0])
        assert figure.axes[0].get_title(loc="left") == "three"

    def test_several_are_compared_as_shares(self):
        figure = plot_histogram({"ideal": {"00": 0.5, "11": 0.5}, "measured": {"00": 30, "11": 60, "01": 10}})
        assert self.labels(figure) == ["11", "00", "01"]
        assert self.widths(figure) == pytest.approx([0.5, 0.5, 0, 0.6, 0.3, 0.1])
        assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()] == ["ideal", "measured"]

    def test_of_several_the_rest_is_summed_for_each(self):
        figure = plot_histogram({"a": dict.fromkeys("abcd", 1), "b": {"a": 1}}, limit=1)
        assert self.labels(figure) == ["a", "3 others"]
        assert [text.get_text() for text in figure.axes[0].texts] == ["25.0 %", "75.0 %", "100.0 %", "0.0 %"]

    @pytest.mark.parametrize("values", [{}, {"0": 0}, {"$x$": 1, "0" * 300: 5}, {"a": {}}])
    def test_odd_input_can_be_drawn(self, values):
        plot_histogram(values, title="$\\odd{").savefig(io.BytesIO())

    def test_it_draws_where_it_is_told_and_pyplot_keeps_nothing(self):
        from matplotlib.figure import Figure

        axes = Figure().add_subplot()
        assert plot_histogram({"0": 1}, ax=axes) is axes.figure
        assert "matplotlib.pyplot" not in sys.modules or not sys.modules["matplotlib.pyplot"].get_fignums()

    def test_six_histograms_in_one_are_refused(self):
        with pytest.raises(ValueError, match="At most 5 histograms can be compared in one, but 6 were given"):
            plot_histogram({str(index): {"0": 1} for index in range(6)})

    def test_numbers_beside_mappings_are_refused(self):
        with pytest.raises(ValueError, match="one histogram, or several by name"):
            plot_histogram({"a": {"0": 1}, "b": 3})
