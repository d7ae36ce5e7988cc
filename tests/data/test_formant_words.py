"""Made words: their order, their spectra, their voices."""

import pytest
import torch

from nsai.data.formant_words import SAMPLE_RATE, VOWELS, WORDS, formant_words


def test_the_vowel_with_a_high_formant_sounds_where_the_word_has_it():
    """Only i has a formant above 1.7 kHz, at 2,290 Hz."""
    words = formant_words(200, torch.Generator().manual_seed(0))
    spectrum = torch.stft(
        words.sound, 256, 64, window=torch.hann_window(256), return_complex=True
    ).abs()
    f = torch.arange(129) * SAMPLE_RATE / 256
    assert VOWELS["i"][1] > 1.25 * max(high for v, (_, high) in VOWELS.items() if v != "i")
    share = spectrum[:, (f > 1700) & (f < 2800)].sum(1) / (spectrum.sum(1) + 1)
    loudest = share.argmax(1) * 64 / words.length  # as a part of the word
    place = torch.tensor([word.index("i") for word in WORDS])[words.label]
    assert (loudest - (place + 0.5) / 3).abs().max() < 0.3
    assert ((3 * loudest).long() == place).float().mean() > 0.75


def test_words_do_not_differ_in_their_mean_spectrum():
    words = formant_words(1200, torch.Generator().manual_seed(1))
    power = torch.fft.rfft(words.sound).abs().square()[:, :1600].view(1200, 40, 40).sum(2)
    power = power / power.sum(1, keepdim=True)
    means = torch.stack([power[words.label == k].mean(0) for k in range(len(WORDS))])
    apart = (means - means.mean(0)).abs().sum(1)
    assert apart.max() < 0.12


def test_words_are_reproducible_and_end_where_they_say():
    first, second = (formant_words(20, torch.Generator().manual_seed(2)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    for sound, length in zip(first.sound, first.length, strict=True):
        assert not sound[length + 1 :].any()
        assert sound[: length - 100].abs().max() > 0.5
    with pytest.raises(ValueError, match="must be positive, got 0"):
        formant_words(0, torch.Generator())
