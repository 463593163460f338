"""A real PostgreSQL server of one's own: a cluster in a temporary folder, on loopback, with a password."""

from __future__ import annotations

import glob
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

USER = "postgres"


def binaries() -> str | None:
    """Folder of the newest server's programs; None if there is none."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: float(p.split("/")[-2]))
    here = shutil.which("pg_ctl")
    return found[-1] if found else os.path.dirname(here) if here else None


class Server:
    """Started when made; `stop` removes it."""

    def __init__(self) -> None:
        found = binaries()
        assert found is not None
        self.bin = Path(found)
        self.password = secrets.token_hex(12)
        self.folder = Path(tempfile.mkdtemp(prefix="simlab-postgres-", dir="/tmp"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        secret = self.folder / "secret"
        secret.write_text(self.password)
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self.folder, USER)
            shutil.chown(secret, USER)
        self._do("initdb", "-D", str(self.folder / "data"), "-U", "simlab", "-A", "scram-sha-256", "--no-sync",
                 f"--pwfile={secret}", "-E", "UTF8")  # fmt: skip
        self.start()

    @property
    def url(self) -> str:
        """Where it is, with the password."""
        return f"postgresql://simlab:{self.password}@127.0.0.1:{self.port}/postgres"

    def _do(self, program: str, *arguments: str) -> None:
        command = [str(self.bin / program), *arguments]
        if os.geteuid() == 0:
            command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", *command]
        with open(self.folder / "said", "ab") as log:
            done = subprocess.run(command, cwd=self.folder, stdout=log, stderr=log, timeout=120)
        assert done.returncode == 0, (self.folder / "said").read_text(errors="replace")[-2000:]

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        log = str(self.folder / "log")
        self._do("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options, "start")

    def restart(self, away: float) -> None:
        """Throw everybody out, be away for some seconds, come back."""
        self._do("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")
        time.sleep(away)
        self.start()

    def stop(self) -> None:
        """Stop it and remove its folder."""
        try:
            self._do("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
