"""What can go wrong with data, and nothing else: one exception tree."""


class DataError(Exception):
    """Any failure to find, read or fetch a data set."""


class MissingDataError(DataError):
    """The set is on none of the places that are searched; the message says what to do."""


class CorruptDataError(DataError):
    """A file is there but is not the published one: truncated, altered or another file."""


class DownloadError(DataError):
    """No address gave the file; the message lists what each of them did."""
