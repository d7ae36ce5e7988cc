"""Readers and writers: the paper's equations step by step, torch's layers, filler, generation."""

import io

import pytest
import torch
from torch import nn

from nsai.models.recurrent import GRUCell
from nsai.models.seq2seq import END, PAD, START, AttentiveSeq2Seq, Seq2Seq

SOURCE = torch.tensor([[4, 5, 6, END], [6, END, PAD, PAD], [5, 5, END, PAD]])
TARGET = torch.tensor([[START, 4, 5, 6, 4], [START, 6, 6, 5, 4], [START, 5, 4, 4, 6]])
BUILDS = {
    "gru": lambda **o: Seq2Seq(7, 8, width=3, units=5, kind="gru", **o),
    "lstm": lambda **o: Seq2Seq(7, 8, width=3, units=5, kind="lstm", layers=2, **o),
    "rnn": lambda **o: Seq2Seq(7, 8, width=3, units=5, kind="rnn", **o),
    "attentive": lambda **o: AttentiveSeq2Seq(7, 8, width=3, units=5, **o),
}
each = pytest.mark.parametrize("name", sorted(BUILDS))


def build(name, **options):
    torch.manual_seed(0)
    model = BUILDS[name](**options).double()
    for p in model.parameters():
        if p.ndim == 1:
            nn.init.normal_(p)  # a forgotten bias must show
    return model


def attend_by_the_paper(model, source, target):
    """Equations of section 3.1, one sentence and one word at a time, without filler."""
    logits, alphas = [], []
    for words, before in zip(source, target, strict=True):
        words = words[words != PAD]
        cells = {way: GRUCell(3, 5, dtype=torch.float64) for way in ("", "_reverse")}
        reader = model.reader.state_dict()
        for way, cell in cells.items():
            names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            cell.load_state_dict({n: reader[f"{n}_l0{way}"] for n in names})
        h = {way: [cell.start(1)[0]] for way, cell in cells.items()}
        for x in model.source.weight[words]:
            h[""].append(cells[""](x[None], (h[""][-1],))[0])
        for x in model.source.weight[words.flip(0)]:
            h["_reverse"].append(cells["_reverse"](x[None], (h["_reverse"][-1],))[0])
        first = h["_reverse"][-1]
        both = torch.cat((torch.cat(h[""][1:]), torch.cat(h["_reverse"][1:]).flip(0)), 1)
        s = torch.tanh(first @ model.begin.weight.T + model.begin.bias)
        for y in model.target.weight[before]:
            e = torch.stack(
                [
                    torch.tanh(model.query(s[0]) + model.key(h_j)) @ model.score.weight[0]
                    for h_j in both
                ]
            )
            alpha = e.exp() / e.exp().sum()
            c = (alpha[:, None] * both).sum(0)
            s = model.cell(torch.cat((y, c))[None], (s,))[0]
            combined = torch.tanh(model.combine.weight @ torch.cat((s[0], c)) + model.combine.bias)
            logits.append(model.out.weight @ combined + model.out.bias)
            alphas.append(torch.cat((alpha, alpha.new_zeros(source.shape[1] - len(alpha)))))
    shape = *target.shape, -1
    return torch.stack(logits).reshape(shape), torch.stack(alphas).reshape(shape)


def test_attention_is_that_of_the_paper():
    model = build("attentive")
    logits, alphas = attend_by_the_paper(model, SOURCE, TARGET)
    assert (model(SOURCE, TARGET) - logits).abs().max() < 1e-12
    assert (model.attention(SOURCE, TARGET) - alphas).abs().max() < 1e-12


def test_the_gradient_is_that_of_the_paper():
    model = build("attentive")
    weights = list(model.parameters())
    sums = [
        (found * torch.arange(8)).sin().sum()
        for found in (model(SOURCE, TARGET), attend_by_the_paper(model, SOURCE, TARGET)[0])
    ]
    ours, theirs = (torch.autograd.grad(s, weights, allow_unused=True) for s in sums)
    for (name, _), a, b in zip(model.named_parameters(), ours, theirs, strict=True):
        if b is None:  # the oracle has copies of the reader's weights
            assert name.startswith("reader")
        else:
            assert (a - b).abs().max() < 1e-10, name


def test_gradients_agree_with_finite_differences():
    model = build("attentive")
    start = torch.randn(2, 4, 3, dtype=torch.float64, requires_grad=True)

    def through(x):
        h, last = model.reader(x)
        _, notes = model.read(SOURCE[:2])
        notes = notes._replace(h=h, keys=model.key(h))
        return model.write(TARGET[:2], (model.begin(last[1]).tanh(),), notes)[0]

    assert torch.autograd.gradcheck(through, (start,))


@each
def test_each_word_depends_only_on_those_before(name):
    model = build(name)
    changed = TARGET.clone()
    changed[:, 2] = 7
    a, b = model(SOURCE, TARGET), model(SOURCE, changed)
    assert torch.equal(a[:, :2], b[:, :2])
    assert ((a[:, 2:] - b[:, 2:]).abs().amax(-1) > 0).all()


@each
def test_every_word_read_matters(name):
    model = build(name)
    for place in range(3):
        changed = SOURCE[:1].clone()
        changed[0, place] = 4 if place else 5
        assert (model(SOURCE[:1], TARGET[:1]) - model(changed, TARGET[:1])).abs().min() > 0


@each
def test_filler_changes_nothing(name):
    model = build(name)
    together = model(SOURCE, TARGET)
    wider = torch.cat((SOURCE, torch.full((3, 4), PAD)), 1)
    assert (model(wider, TARGET) - together).abs().max() < 1e-12
    for i, words in enumerate(SOURCE):
        alone = model(words[words != PAD][None], TARGET[i : i + 1])
        assert (alone[0] - together[i]).abs().max() < 1e-12


def test_attention_sums_to_one_and_is_zero_on_filler():
    alphas = build("attentive").attention(SOURCE, TARGET)
    assert torch.allclose(alphas.sum(-1), torch.ones(3, 5, dtype=torch.float64))
    assert (alphas[(SOURCE == PAD)[:, None].expand_as(alphas)] == 0).all()


@each
def test_writing_word_by_word_is_writing_at_once(name):
    model = build(name)
    state, notes = model.read(SOURCE)
    whole = model(SOURCE, TARGET)
    for t in range(TARGET.shape[1]):
        logits, state, _ = model.write(TARGET[:, t : t + 1], state, notes)
        assert (logits[:, 0] - whole[:, t]).abs().max() < 1e-12


@each
def test_generation_takes_the_likeliest_word_until_the_end(name):
    model = build(name)
    with torch.no_grad():
        model.out.bias.fill_(-9)
        model.out.bias[[END, 5, 6]] = torch.tensor([0.3, 0, 0], dtype=torch.float64)
        model.out.weight.mul_(8)
    found = model.generate(SOURCE, 12)
    for words, row in zip(SOURCE, found, strict=True):
        row = row[: row.tolist().index(END) + 1] if END in row else row
        before = torch.cat((torch.tensor([START]), row[:-1]))[None]
        assert torch.equal(model(words[None], before).argmax(-1)[0], row)
    assert (found[(found == END).cumsum(1) - (found == END).int() > 0] == PAD).all()
    assert model.generate(SOURCE, 0).shape == (3, 0)


def test_generation_stops_when_all_have_ended():
    model = build("attentive")
    with torch.no_grad():
        model.out.bias[END] = 100
    assert model.generate(SOURCE, 50).tolist() == [[END]] * 3


def test_without_attention_the_reader_and_the_writer_are_torchs():
    model = build("lstm")
    words = SOURCE[0]
    _, state = model.reader(model.source(words)[None])
    s, _ = model.writer(model.target(TARGET[:1]), state)
    assert torch.allclose(model.out(s), model(SOURCE[:1], TARGET[:1]), atol=1e-12)


@each
def test_weights_survive_a_file(name):
    model, other = build(name), BUILDS[name]().double()
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    assert torch.equal(model(SOURCE, TARGET), other(SOURCE, TARGET))


@each
def test_dropout_is_for_learning_only(name):
    model = build(name, dropout=0.5)
    a, b = model(SOURCE, TARGET), model(SOURCE, TARGET)
    assert not torch.equal(a, b)
    model.eval()
    assert torch.equal(model(SOURCE, TARGET), model(SOURCE, TARGET))


@each
def test_a_sentence_without_words_is_refused(name):
    with pytest.raises(ValueError, match="row 1 has none"):
        build(name)(torch.tensor([[4, END], [PAD, PAD]]), TARGET[:2])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source_symbols": 4}, "source_symbols must be at least 5, got 4"),
        ({"target_symbols": 3}, "target_symbols must be at least 5, got 3"),
        ({"units": 0}, "at least 1, got 0"),
    ],
)
@pytest.mark.parametrize("model", [Seq2Seq, AttentiveSeq2Seq])
def test_impossible_sizes_are_refused(model, options, message):
    given = {"source_symbols": 5, "target_symbols": 5, "width": 2, "units": 2} | options
    with pytest.raises(ValueError, match=message):
        model(given.pop("source_symbols"), given.pop("target_symbols"), **given)


def test_no_layers_and_forgotten_notes_are_named():
    with pytest.raises(ValueError, match="layers must be at least 1"):
        Seq2Seq(5, 5, width=2, units=2, layers=0)
    model = build("attentive")
    state, _ = model.read(SOURCE)
    with pytest.raises(ValueError, match="pass what read returned"):
        model.write(TARGET, state)
