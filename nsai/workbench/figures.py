"""Figures that a report can carry: described in words, colour-blind safe, small."""

import base64
import html
import io
from typing import TYPE_CHECKING, Any

from nsai.workbench.display import show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito 2008, "Color Universal Design", ordered for contrast on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
SEQUENTIAL = "cividis"
DIVERGING = "PuOr"

SVG_LIMIT = 200_000  # bytes; past it the same figure is smaller as PNG
DPI = 144


def _style() -> Any:
    from cycler import cycler

    return {
        "axes.prop_cycle": cycler(color=PALETTE),
        "image.cmap": SEQUENTIAL,
        "figure.facecolor": "white",
        "figure.constrained_layout.use": True,
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "grid.alpha": 0.25,
        "legend.frameon": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "nsai",
    }


def subplots(
    nrows: int = 1,
    ncols: int = 1,
    *,
    width: float = 6.5,
    height: float | None = None,
    **options: Any,
) -> tuple["Figure", Any]:
    """Make a figure in the house style: `matplotlib.pyplot.subplots` with our colours.

    Parameters
    ----------
    nrows, ncols
        The grid of axes.
    width, height
        Size in inches; the height is 3.2 a row unless given.
    options
        Passed to `matplotlib.pyplot.subplots`.

    Returns
    -------
    tuple
        The figure and its axes.
    """
    import matplotlib.pyplot as plt

    with plt.rc_context(_style()):
        size = (width, 3.2 * nrows if height is None else height)
        return plt.subplots(nrows, ncols, figsize=size, **options)


def figure(fig: "Figure", *, alt: str, caption: str, key: bool = False) -> None:
    """Show a figure with its description, as SVG when that is small, and close it.

    Parameters
    ----------
    fig
        A matplotlib figure.
    alt
        What the figure shows, for a reader who cannot see it: at least 20 characters.
    caption
        What to notice, as a sentence.
    key
        Whether this is the figure for the experiment's card in the gallery.

    Raises
    ------
    ValueError
        If `alt` is too short or `caption` empty.
    """
    import matplotlib.pyplot as plt

    if len(alt.strip()) < 20:
        raise ValueError(f"alt must describe the figure in at least 20 characters, got {alt!r}")
    if not caption.strip():
        raise ValueError("caption must say what to notice, got an empty string")
    with plt.rc_context(_style()):
        vector = io.BytesIO()
        fig.savefig(vector, format="svg", metadata={"Date": None})
        if vector.tell() <= SVG_LIMIT:
            mime, payload = "image/svg+xml", vector.getvalue()
        else:
            raster = io.BytesIO()
            fig.savefig(raster, format="png", dpi=DPI)
            mime, payload = "image/png", raster.getvalue()
    plt.close(fig)
    encoded = base64.b64encode(payload).decode()
    markup = (
        f'<figure><img src="data:{mime};base64,{encoded}" alt="{html.escape(alt, quote=True)}">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
    show(
        {"text/html": markup, "text/plain": f"[figure: {alt}] {caption}"},
        {"nsai": {"figure": True, "key": key, "alt": alt, "caption": caption}},
    )
