"""What can go wrong in the workbench, each with a message for the person at the keyboard."""


class WorkbenchError(Exception):
    """Base of every error that the workbench raises on purpose."""


class NotebookFormatError(WorkbenchError):
    """A notebook that cannot be read as an experiment."""


class UnknownExperimentError(WorkbenchError):
    """A name that no notebook has."""


class ParameterError(WorkbenchError):
    """A parameter that the notebook does not have, or a value of the wrong type or range."""


class ProjectError(WorkbenchError):
    """No project around the working directory, or one that cannot be used."""


class RunNotFoundError(WorkbenchError):
    """A run that the store does not hold."""
