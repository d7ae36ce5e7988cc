"""The docstrings of the standard library as labelled texts."""

import asyncio
import inspect
import unittest

import pytest
import torch

from nsai.data import MissingDataError
from nsai.data.docstrings import docstrings, summaries


def test_parts_are_large_disjoint_and_of_both_topics():
    parts = {name: docstrings(name) for name in ("train", "test")}
    for text, y in parts.values():
        assert len(text) == len(y) == len(set(text))
        assert y.dtype == torch.int64
        assert min(torch.bincount(y, minlength=2)) >= 150
        assert all(5 <= len(line.split()) <= 40 for line in text)
    assert not set(parts["train"].text) & set(parts["test"].text)


def test_labels_are_those_of_the_modules():
    known = {
        text: label
        for part in ("train", "test")
        for text, label in zip(docstrings(part).text, docstrings(part).y.tolist(), strict=True)
    }
    for thing, label in ((asyncio.wait_for, 0), (unittest.TestCase.assertRaises, 1)):
        first = " ".join(inspect.getdoc(thing).split("\n\n")[0].split()[:40])
        assert known[first] == label


def test_it_is_the_same_every_time():
    assert docstrings("train").text == docstrings("train").text


def test_summaries_read_classes_functions_and_methods():
    source = 'class A:\n  "One two."\n  async def f(self):\n    "Three."\n  def g(self): pass\n'
    assert summaries(source) == ["One two.", "Three."]


def test_a_library_without_source_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(MissingDataError, match="shows 0 texts of a topic"):
        docstrings()


def test_other_splits_are_errors():
    with pytest.raises(ValueError, match="validation"):
        docstrings("validation")
