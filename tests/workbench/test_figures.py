import base64
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pytest

from nsai.workbench.figures import PALETTE, SVG_LIMIT, figure, subplots

ALT = "A line that rises from zero to one."
CAPTION = "The line rises."


@pytest.fixture(autouse=True)
def agg():
    plt.switch_backend("agg")
    yield
    plt.close("all")


class Image(HTMLParser):
    """Holds the tags and the attributes of a piece of markup."""

    def __init__(self, markup):
        super().__init__()
        self.tags, self.attributes, self.text = [], {}, ""
        self.feed(markup)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes |= dict(attributes)

    def handle_data(self, data):
        self.text += data


def shown(displayed):
    """Return the image of the one figure that was displayed, its type and its content."""
    ((data, metadata),) = displayed
    image = Image(data["text/html"])
    mime, _, payload = image.attributes["src"].removeprefix("data:").partition(";base64,")
    return image, metadata["nsai"], mime, base64.b64decode(payload)


def line(title="", points=2):
    fig, ax = subplots()
    ax.plot(np.linspace(0, 1, points), np.random.default_rng(0).random(points))
    ax.set_title(title)
    return fig


def test_a_small_figure_is_a_vector_image_with_description_and_caption(displayed):
    figure(line(), alt=ALT, caption=CAPTION, key=True)
    image, metadata, mime, payload = shown(displayed)
    assert image.tags == ["figure", "img", "figcaption"]
    assert image.attributes["alt"] == ALT
    assert image.text == CAPTION
    assert mime == "image/svg+xml"
    assert ET.fromstring(payload).tag == "{http://www.w3.org/2000/svg}svg"
    assert metadata == {"figure": True, "key": True, "alt": ALT, "caption": CAPTION}


def test_a_figure_of_many_marks_is_a_raster_image(displayed):
    figure(line(points=20_000), alt=ALT, caption=CAPTION)
    _, metadata, mime, payload = shown(displayed)
    assert mime == "image/png"
    assert payload.startswith(b"\x89PNG")
    assert len(payload) < SVG_LIMIT
    assert metadata["key"] is False


def test_description_and_caption_are_escaped(displayed):
    hostile = '"><script>alert(1)</script> & some words more'
    figure(line(title="<script>&"), alt=hostile, caption=hostile)
    image, _, _, payload = shown(displayed)
    assert image.tags == ["figure", "img", "figcaption"]
    assert (image.attributes["alt"], image.text) == (hostile, hostile)
    assert b"<script>" not in payload


def test_the_same_figure_is_the_same_bytes(displayed):
    figure(line("one"), alt=ALT, caption=CAPTION)
    figure(line("one"), alt=ALT, caption=CAPTION)
    figure(line("other"), alt=ALT, caption=CAPTION)
    first, second, third = (data["text/html"] for data, _ in displayed)
    assert first == second != third


def test_a_figure_is_closed_and_the_settings_are_left_as_they_were(displayed):
    before = dict(plt.rcParams)
    figure(line(), alt=ALT, caption=CAPTION)
    assert plt.get_fignums() == []
    assert dict(plt.rcParams) == before


def test_outside_a_kernel_the_description_is_printed(capsys):
    figure(line(), alt=ALT, caption=CAPTION)
    assert capsys.readouterr().out == f"[figure: {ALT}] {CAPTION}\n"


@pytest.mark.parametrize(
    ("alt", "caption", "message"),
    [
        ("a line", CAPTION, "alt must describe the figure in at least 20 characters, got 'a line'"),
        (" " * 30, CAPTION, "alt must describe"),
        (ALT, " ", "caption must say what to notice"),
    ],
)
def test_a_figure_without_words_is_refused(alt, caption, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        figure(line(), alt=alt, caption=caption)


def test_axes_come_in_the_palette_and_the_asked_size():
    fig, axes = subplots(2, 3, width=8.0)
    assert axes.shape == (2, 3)
    assert tuple(fig.get_size_inches()) == (8, 6.4)
    assert [axes[0, 0].plot([0, 1])[0].get_color() for _ in PALETTE] == list(PALETTE)
    fig, _ = subplots(height=1.0, sharex=True)
    assert tuple(fig.get_size_inches()) == (6.5, 1)


def test_neighbouring_colours_differ_in_lightness_for_every_eye():
    def luminance(colour):
        rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    lights = [luminance(colour) for colour in PALETTE]
    assert len({round(light, 2) for light in lights}) == len(PALETTE)
