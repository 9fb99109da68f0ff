"""What opens http and https for downloads, also behind a proxy, and nothing else, wherever a server redirects to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def opener(refused: Callable[[str, str], str]) -> Any:
    """Return a ``urllib.request.OpenerDirector``, whose module takes a while to load.

    Args:
        refused: gets the address that a server redirects from, and the one it redirects to; returns why that is not
            followed, ``""`` where it is.
    """
    import urllib.error
    import urllib.request

    class Redirects(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, request: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
            if reason := refused(request.full_url, newurl):
                fp.close()
                raise urllib.error.URLError(reason)
            return super().redirect_request(request, fp, code, msg, headers, newurl)

    made = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        Redirects(),
    ):
        made.add_handler(handler)
    return made
