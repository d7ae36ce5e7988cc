"""Fourteen classic sets for anomaly detection, as ADBench publishes them."""

from nsai.data.catalogue import DataSet, listed, raw_github
from nsai.data.formats import npz
from nsai.data.samples import Labelled, labelled
from nsai.data.splits import known_split, stratified
from nsai.data.store import read

COMMIT = "3dac8221081e190f157d78e93bfa8867f90d0965"
CHECKSUMS = """
ec27301f9a4cf7c5d8b22c360cf37ddb043b7fb062465723dfd8b34e2771e5dd 192040 12_fault.npz
a0308ac9712d78321073b1c2dc98dc37665c0f35c1cc33019416fe8f8d7de7ea 166764 23_mammography.npz
10a9b4d5bb5d3b9083caab4c4062f665610eada703c3d927bf7c34b1f2d0d223 102998 27_PageBlocks.npz
c4936b89dcdad59d303020e492f763a0f54170080d787c77497609acbb9c2d79 653509 28_pendigits.npz
e738f7c58a8740d2c4aac4c71ff49ce5e1d1aa16f44178135fc9c09df05fad1b 66547 2_annthyroid.npz
1b056e357f801b8b20c3f380a30224a3c4088d7ed764ec5a24828dc9b1918d6f 181405 31_satimage-2.npz
26900b0f6be45d9ddb7a402c9b2f956ceda42d23a8ca4cf4406b8bc1352823d1 332929 32_shuttle.npz
d2569fc9bc12115419e3f5b37d19921e10e6c26e5ad1e61064cfb0fbc402dfdd 496392 34_smtp.npz
8de161b3f235b7647bb0b39a836d983ff61d67bf234edac461da2d71e889cb87 39882 38_thyroid.npz
4bfc4244d1c882773bbbc50d4a5db5e52276e53506e46b2d45e02d074cfcb1b6 134268 40_vowels.npz
78d4606a1ab516f5b60b00c196497f3bbd6bd5e4548fd04cf5f2475209b34b85 46770 43_WDBC.npz
c70b72aa611ec87b20efb400943ef3ce4f8bf7aa58fcef825fbd28cc5cee3cc9 134531 44_Wilt.npz
74dd4d0072d6c6f1aabab63bc102f9633454f32bb936fa9bcfbd38f9f2386bcd 728999 5_campaign.npz
bc5009bde6930b4d298b594f31b34485a9a17210cff0e8fb00a8c3068b885a2d 68471 6_cardio.npz
"""

ANOMALY_ADBENCH = DataSet(
    name="anomaly_adbench",
    title="ADBench: annthyroid, cardio, fault, mammography, shuttle, … (14 sets)",
    licence="BSD-2-Clause (collection)",
    citation="Han, Hu, Huang, Jiang and Zhao 2022, ADBench: anomaly detection benchmark, NeurIPS",
    shape="x float32 (n, features), y int64 (n,): 1 anomaly; 70 % train",
    splits=("train", "test", "all"),
    homepage="https://github.com/Minqi824/ADBench",
    files=listed(CHECKSUMS, raw_github("Minqi824/ADBench", COMMIT, "adbench/datasets/Classical/")),
)


def anomaly_adbench(name: str, split: str = "train", seed: int = 0) -> Labelled:
    """Load one of the sets; the split is ours, stratified, 70 % to train as in ADBench.

    Parameters
    ----------
    name
        ``"annthyroid"``, ``"campaign"``, ``"cardio"``, ``"fault"``, ``"mammography"``,
        ``"PageBlocks"``, ``"pendigits"``, ``"satimage-2"``, ``"shuttle"``, ``"smtp"``,
        ``"thyroid"``, ``"vowels"``, ``"WDBC"`` or ``"Wilt"``.
    split
        ``"train"``, ``"test"`` or ``"all"`` (the file's order). The training part has anomalies
        too: leave them out for a one-class method.
    seed
        Which stratified split.

    Returns
    -------
    Labelled
        x of shape (n, features), scaled or not as published; y 1 for an anomaly.

    Raises
    ------
    ValueError
        If the set is unknown.
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    published = [file.name for file in ANOMALY_ADBENCH.files]  # such as 2_annthyroid.npz
    files = {file.split("_", 1)[1].removesuffix(".npz"): file for file in published}
    if name not in files:
        raise ValueError(f"name must be one of {', '.join(files)}; got {name!r}")
    known_split(ANOMALY_ADBENCH, split)
    (content,) = read(ANOMALY_ADBENCH, files[name])
    arrays = npz(content)
    rows = stratified(arrays["y"], split, test_fraction=0.3, seed=seed)
    return labelled(arrays["X"][rows], arrays["y"][rows])
