"""WikiText-2: two million words of good articles."""

from nsai.data.catalogue import DataSet, listed
from nsai.data.splits import known_split
from nsai.data.store import read

CHECKSUMS = """
d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0 1256449 wiki.test.tokens
728c77e87e176af4730f9a80fc6008bcaff421a7202c1c048877c0eec3685f89 10797148 wiki.train.tokens
f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8 1121681 wiki.valid.tokens
"""

WIKITEXT2 = DataSet(
    name="wikitext2",
    title="WikiText-2: words of Wikipedia articles, rare ones as <unk>",
    licence="CC BY-SA 3.0 (not checked)",
    citation="Merity, Xiong, Bradbury and Socher 2017, Pointer sentinel mixture models, ICLR",
    shape="str; 2,051,910 words train, 213,886 validation, 241,211 test, a line a paragraph",
    splits=("train", "validation", "test"),
    homepage="https://arxiv.org/abs/1609.07843",
    files=listed(CHECKSUMS),
)


def wikitext2(split: str = "train") -> str:
    """Load the text.

    Validation and test are as published. The training part holds exactly the published lines, but
    its articles stand in another order, so it cannot be fetched.

    Parameters
    ----------
    split
        ``"train"``, ``"validation"`` or ``"test"``.

    Returns
    -------
    str
        Words separated by spaces; headings between ``=`` signs.

    Raises
    ------
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the right one.
    """
    part = {"train": "train", "validation": "valid", "test": "test"}[known_split(WIKITEXT2, split)]
    (content,) = read(WIKITEXT2, f"wiki.{part}.tokens")
    return content.decode()
