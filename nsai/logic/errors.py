"""What can be wrong with a formula."""


class FormulaError(ValueError):
    """A formula that cannot be read or used; the message shows the formula and the cause."""


class ParseError(FormulaError):
    """Text that is not a formula.

    Attributes
    ----------
    text
        What was read.
    position
        Where it stops making sense, counted in characters from 0.
    """

    def __init__(self, text: str, position: int, message: str) -> None:
        start = text.rfind("\n", 0, position) + 1
        line = text[start:].split("\n", 1)[0]
        super().__init__(f"{message}\n  {line}\n  {' ' * (position - start)}^")
        self.text = text
        self.position = position


class UnsatisfiableError(FormulaError):
    """A constraint that nothing satisfies.

    Attributes
    ----------
    core
        Parts of the constraint that contradict each other, none of which can be left out.
    """

    def __init__(self, message: str, core: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.core = core
