"""A certificate authority of the run and what it signs."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.packages import program

# Every extension that a strict client (Python 3.13 by default) asks for.
EXTENSIONS = """
[req]
distinguished_name = subject
[subject]
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:false
subjectAltName = {names}
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
extendedKeyUsage = serverAuth
"""


@dataclass(frozen=True)
class Certificate:
    """Files in PEM; `authority` is what a client trusts to trust this one."""

    authority: Path
    certificate: Path
    key: Path


def make_certificate(folder: Path, names: Sequence[str]) -> Certificate:
    """A certificate for DNS names, wildcards included, signed by an authority made for it."""
    folder.mkdir()
    extensions = folder / "extensions"
    listed = ", ".join(f"DNS:{name}" for name in names)
    extensions.write_text(EXTENSIONS.format(names=listed))

    def sign(subject: str, *signer: str) -> None:
        command = [program("openssl"), "req", "-x509", "-nodes", "-days", "2"]
        command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        command += ["-config", str(extensions), "-extensions", subject, "-subj", f"/CN={subject}"]
        command += ["-keyout", f"{subject}.key", "-out", f"{subject}.crt", *signer]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    sign("authority")
    sign("server", "-CA", "authority.crt", "-CAkey", "authority.key")
    return Certificate(folder / "authority.crt", folder / "server.crt", folder / "server.key")
