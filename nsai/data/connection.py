"""Connections for downloads: http and https only, with a time-out for silence."""

import http.client
import urllib.request
from typing import Any
from urllib.parse import urlsplit


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http(s) only; the base class would follow one to ftp as well."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if urlsplit(newurl).scheme not in ("http", "https"):
            raise ValueError(f"redirects to {newurl}, expected http or https")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class _Plain(http.client.HTTPConnection):
    """A connection with one time-out to connect and another for silence afterwards."""

    def __init__(self, *args: Any, stall: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._stall = stall

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self._stall)


class _Secure(http.client.HTTPSConnection):
    """The same over TLS."""

    def __init__(self, *args: Any, stall: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._stall = stall

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self._stall)


class _Handler(urllib.request.HTTPSHandler):
    """Opens http and https with those connections."""

    def __init__(self, stall: float) -> None:
        super().__init__()
        self._stall = stall

    def http_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_Plain, req, stall=self._stall)  # type: ignore[arg-type]

    def https_open(self, req: urllib.request.Request) -> Any:
        return self.do_open(_Secure, req, stall=self._stall)  # type: ignore[arg-type]

    http_request = urllib.request.AbstractHTTPHandler.do_request_


def opener(stall: float) -> urllib.request.OpenerDirector:
    """Build an opener that knows http and https and no other scheme.

    Parameters
    ----------
    stall
        Seconds of silence after which a read fails; `open` takes the time-out to connect.

    Raises
    ------
    ValueError
        From its `open`, if an address redirects to another scheme.
    """
    director = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _Redirects(),
        _Handler(stall),
    ):
        director.add_handler(handler)
    return director
