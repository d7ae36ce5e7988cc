"""SCAN: commands to actions, split so that generalisation must be compositional."""

from nsai.data.catalogue import DataSet, File, listed, raw_github
from nsai.data.samples import Pairs
from nsai.data.splits import known_split
from nsai.data.store import read

COMMIT = "c4b756cbc010d75c912f16c42c8f15dc6b7e6c8f"
CHECKSUMS = """
8147ae2651422c701162e174d9d66158daa57858a26b30317ac61797118ac7a5 1531555 tasks_test_addprim_jump.txt
15a82c2d25ac7c3c1fff7e18051fb085974ef3617de895c520d02144396a10e2 173679 tasks_test_addprim_turn_left.txt
0760752ed34a75116ae11dcc1ee17526b7500060da1366540730fa24894d7db3 1356970 tasks_test_length.txt
1fe1c8f5a19d0dc40e41bab94278f45f66f3dc415a978bd29855a23440610fc6 812450 tasks_test_simple.txt
e3c78485692e028eed4205e1b8b3fd0e785ef2c12d45b5b89204dadf5b239e23 2579619 tasks_train_addprim_jump.txt
1b3fed86055dd7689d217f1b90cc8960aeb1cf200f4f209dc47935761b05304c 3974537 tasks_train_addprim_turn_left.txt
b034212dc7cf87ce62f3a067dd6ad49c4d5cd18d51d615d13825516bcb1ebbc2 2723418 tasks_train_length.txt
941bb8a088c5f53ceff12fde902dc008933cf0c4203cc672c47b5f79d73262dd 3267938 tasks_train_simple.txt
"""  # noqa: E501
TASKS = ("simple", "length", "addprim_jump", "addprim_turn_left")


def _file(file: File) -> File:
    folder = file.name.removesuffix(".txt").split("_")[2].replace("addprim", "add_prim") + "_split"
    address = raw_github("brendenlake/SCAN", COMMIT, f"{folder}/{file.name}")
    return File(file.name, file.sha256, file.size, (address,))


SCAN = DataSet(
    name="scan",
    title="SCAN: 20,910 commands and their actions, four splits",
    licence="BSD",
    citation="Lake and Baroni 2018, Generalization without systematicity, ICML",
    shape="source and target: lists of str, words separated by spaces",
    splits=("train", "test"),
    homepage="https://github.com/brendenlake/SCAN",
    files=tuple(map(_file, listed(CHECKSUMS))),
)


def scan(split: str = "train", task: str = "simple") -> Pairs:
    """Load commands and actions.

    Parameters
    ----------
    split
        ``"train"`` or ``"test"``.
    task
        ``"simple"`` (a random split, 16,728 and 4,182), ``"length"`` (longer actions in the test,
        16,990 and 3,920), ``"addprim_jump"`` (14,670 and 7,706) or ``"addprim_turn_left"``
        (21,890 and 1,208).

    Returns
    -------
    Pairs
        Commands such as ``jump twice`` and actions such as ``I_JUMP I_JUMP``.

    Raises
    ------
    ValueError
        If the task is unknown.
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    known_split(SCAN, split)
    if task not in TASKS:
        raise ValueError(f"task must be one of {', '.join(TASKS)}; got {task!r}")
    (content,) = read(SCAN, f"tasks_{split}_{task}.txt")
    lines = [line.removeprefix("IN: ").split(" OUT: ") for line in content.decode().splitlines()]
    return Pairs([command for command, _ in lines], [actions.strip() for _, actions in lines])
