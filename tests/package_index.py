"""An index of packages in micropython.org's format, and a host of repositories, on 127.0.0.1."""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class PackageIndex:
    """Serves what ``pages`` holds, by path.

    Attributes:
        url: the index; the repositories are behind ``url + "/raw"``.
        asked: the paths that were asked for.
    """

    def __init__(self) -> None:
        self.pages: dict[str, bytes | tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[str] = []
        index = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 10

            def do_GET(self) -> None:
                index.asked.append(self.path)
                page = index.pages.get(self.path, (404, {}, b"no such page"))
                status, headers, body = page if isinstance(page, tuple) else (200, {}, page)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def package(
        self,
        name: str,
        version: str,
        files: dict[str, bytes],
        deps: list[list[str]] | None = None,
        *,
        kind: str = "py",
        **more: object,
    ) -> None:
        """Publish a package of the index, as its latest version too."""
        hashes = []
        for path, data in files.items():
            short = hashlib.sha256(data).hexdigest()[:8]
            self.pages[f"/file/{short[:2]}/{short}"] = data
            hashes.append([path, short])
        described = {"v": 1, "version": version, "hashes": hashes, "deps": deps or [], **more}
        for known_as in (version, "latest"):
            self.pages[f"/package/{kind}/{name}/{known_as}.json"] = json.dumps(described).encode()

    def repository(self, path: str, files: dict[str, bytes | object]) -> None:
        """Publish files of a repository: OWNER/REPOSITORY/BRANCH[/FOLDER]; what is no bytes becomes JSON."""
        for name, data in files.items():
            body = data if isinstance(data, bytes) else json.dumps(data).encode()
            self.pages[f"/raw/{path}/{name}"] = body

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
