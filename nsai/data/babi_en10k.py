"""bAbI: short stories and questions, a reasoning skill a task."""

import re
from typing import NamedTuple

from nsai.data.catalogue import DataSet, listed
from nsai.data.splits import known_split
from nsai.data.store import read

CHECKSUMS = """
fde8f20ed0b3ba979058ed391a566af34653f23baab5b2793ee37f87ef4e88b7 99632 qa10_indefinite-knowledge_test.txt
c5c0788b0446095c07a0442784cad2b59c1d58e875ebe8ad852f5e3f628613f4 997635 qa10_indefinite-knowledge_train.txt
46f3290d0158ce1285a40cd2d793f5a65f86ae5000226e165cbc85a3dfeb2f6f 104800 qa11_basic-coreference_test.txt
edfcd97fecd4a5045af25e1790cf1408856ae362c39521b1b69cd32b88ec0ced 1046139 qa11_basic-coreference_train.txt
6437718f8f9801ce345869e910b896836cdc6fd2d01dc7b4d2df49730703b4b1 114489 qa12_conjunction_test.txt
39d58df3564916c66cebc98befb65d605c032181e51208730fd8837a77bc166a 1144705 qa12_conjunction_train.txt
76a25b684f23c9cc473d8cd1465506168b9a1ec8891cfc59d0bbd87e6a064990 116444 qa13_compound-coreference_test.txt
c530fdf122d26617a8a03ba5cdbacee87c22624ba7f50d1f07f9658c900e22d8 1163109 qa13_compound-coreference_train.txt
e3f0b19858ffbec3ed1e49076cc4d1295a89ce146c50318b862f13f202b3caf2 151420 qa14_time-reasoning_test.txt
c322e0814eef71f088af1aa1334e7ae4b1ee6ca18f2ee94c05e2189226964ed6 1506583 qa14_time-reasoning_train.txt
32b77e117fe9acf5f94906684e3b5206de0108e646c76e1da3e022896ec7ee94 87769 qa15_basic-deduction_test.txt
0a86673f7fafa484f8ee394048f03de19405bdc40b58f21086969efad2862010 877358 qa15_basic-deduction_train.txt
4a11e55366f2a5a859b5a81f683ee23801bdbe71ef984e51adb976bd053e8dcf 208208 qa16_basic-induction_test.txt
27fef347ce0b25dd148efea2b15f154926e0e9069d4ea6ab9cfca3add492ab35 2082804 qa16_basic-induction_train.txt
9e1e0250ed4ec1831757fab26c04138f81ea557ebf6976a220db879cbed04bac 68578 qa17_positional-reasoning_test.txt
8a383651e009db50d6c9effed5778b8646c28c55fadb1592b5f4d8d3a187bbce 684293 qa17_positional-reasoning_train.txt
d34f70eb7228a276fcb3a7854174fe562c5634f4fb454a39fc3d1ad9934be3ef 103626 qa18_size-reasoning_test.txt
9e7c15107067d2070170ef12579a8bfe34dfc35a7ac9ebd13f2001dc1a7488f9 1058260 qa18_size-reasoning_train.txt
023e391f0d7f79c9e6ae1c46c093e2d0dbd50ab8fbd8965e037a75e3614c20e5 247449 qa19_path-finding_test.txt
6cfdc6f448e3cf0e3d8a390fa3add461935b033f89ede32aeef30812401ec91e 2475046 qa19_path-finding_train.txt
55acf66cef2f6d798e2aa1d056e1ec8f24e910ea9215b639450574321132959b 94477 qa1_single-supporting-fact_test.txt
749ea9f7c99070feb2d88c975a254417a0dcc8274add4435ae5ae24c7afc7e9d 944248 qa1_single-supporting-fact_train.txt
bd3bde3788ac14ba0ae095078f7b820fbd2bfa6a34dba9d1d46a34afde9c2729 67963 qa20_agents-motivations_test.txt
36f20f3baf6bad2297d5b9fd877e633550c36106fe78bc10ddfb7b1eede62573 678651 qa20_agents-motivations_train.txt
eff93fb9cd81ba02eb765772cf7cc269769ed44ec71cbbbc19cfb16ee5eba0f6 179835 qa2_two-supporting-facts_test.txt
d4074c0c5d54f70ce2f538056ce2b6ef6a313da336da4245f1a24f1298e37ef3 1794716 qa2_two-supporting-facts_train.txt
07f0ca18ddeea9eed4ba6d59e162adcb0ce44815721114b3540d92825509331e 117394 qa4_two-arg-relations_test.txt
5d11b821d35234988ab907866aa7ce718e6b6d751acf63bdef52262afb59f12c 1175065 qa4_two-arg-relations_train.txt
ec825c1c8a76e63a31f0d7a7763cd63740e98332fa9bdf246a19068949bd5f97 207037 qa5_three-arg-relations_test.txt
2506910935b701bac64fc8b1d7ff12bd8d0f47ceefca183454282bec784c12a5 2122413 qa5_three-arg-relations_train.txt
b108b16f1eccbd1c24df6dca2649079a7b2f10af7fd12d4c45a3393802de59e3 100109 qa6_yes-no-questions_test.txt
602f379184bf3cb59660d0f7769d9c94ccdc1fc4d82dfe90bd460d985b1ff0c5 1003212 qa6_yes-no-questions_train.txt
a74d1f2b91329b2bae814d41cdac2fbdfdf0328562b7d8afa9a0fa576d461e27 130136 qa7_counting_test.txt
4a2508733bef9b38cfce4b3108a91b83cdee378de4a7370e4d32fea2dacd3b7d 1345275 qa7_counting_train.txt
362a653c821a580fa315a85243b4f03bfa06fa7e0269b6f8e596f8fe6911646a 126863 qa8_lists-sets_test.txt
9518da2d3aa5d98bec33335e0d5ba3a22c2bd1929ee679085d37eb50a7652e4a 1256367 qa8_lists-sets_train.txt
63590aff3f89993db409f0e9a9eb39c2a5b9d5efff99b255d800a891b0044d9f 97208 qa9_simple-negation_test.txt
5f8949f6ef7d64516fc4dd5732b12b5932d057b1a614e8ac94e795fb020d4ff0 971173 qa9_simple-negation_train.txt
"""  # noqa: E501

BABI_EN10K = DataSet(
    name="babi_en10k",
    title="bAbI question answering, 19 of the 20 tasks (3 is missing)",
    licence="CC BY 3.0 (not checked)",
    citation="Weston et al. 2016, Towards AI-complete question answering, ICLR",
    shape="list of (story, question, answer, support); 10,000 train and 1,000 test questions a "
    "task",
    splits=("train", "test"),
    homepage="https://research.facebook.com/downloads/babi/",
    files=listed(CHECKSUMS),
)


class Question(NamedTuple):
    """A question and what is told before it.

    Attributes
    ----------
    story
        The sentences so far, without the earlier questions.
    question
        The question.
    answer
        One word, or several between commas.
    support
        Positions in `story` of the sentences that the answer follows from.
    """

    story: tuple[str, ...]
    question: str
    answer: str
    support: tuple[int, ...]


def babi_en10k(split: str = "train", task: int = 1) -> list[Question]:
    """Load the questions of a task.

    Parameters
    ----------
    split
        ``"train"`` (10,000) or ``"test"`` (1,000).
    task
        1 … 20, but not 3.

    Returns
    -------
    list of Question
        In the order of the file.

    Raises
    ------
    ValueError
        If there is no such task.
    MissingDataError, CorruptDataError
        If the file is not on this machine, or not the published one.
    """
    known_split(BABI_EN10K, split)
    pattern = re.compile(rf"qa{task}_.*_{split}\.txt")
    names = [file.name for file in BABI_EN10K.files if pattern.fullmatch(file.name)]
    if not names:
        raise ValueError(f"task must be 1 … 20 and not 3, got {task!r}")
    (content,) = read(BABI_EN10K, *names)
    return questions(content.decode())


def questions(text: str) -> list[Question]:
    r"""Parse bAbI's lines: a number, then a sentence, or a question, its answer and its support.

    Examples
    --------
    >>> asked = questions("1 Mary sat.\n2 Who sat?\tMary\t1\n3 Bill ran.\n4 Who ran?\tBill\t3\n")
    >>> asked[1]
    Question(story=('Mary sat.', 'Bill ran.'), question='Who ran?', answer='Bill', support=(1,))
    """
    found: list[Question] = []
    story: list[str] = []
    position: dict[str, int] = {}
    for line in text.splitlines():
        number, rest = line.split(" ", 1)
        if number == "1":
            story, position = [], {}
        if "\t" in rest:
            asked, answer, support = rest.split("\t")
            places = tuple(position[at] for at in support.split())
            found.append(Question(tuple(story), asked.strip(), answer, places))
        else:
            position[number] = len(story)
            story.append(rest.strip())
    return found
