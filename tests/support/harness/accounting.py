# SPDX-License-Identifier: Apache-2.0
"""Services that several clusters can share: munged, MariaDB and slurmdbd, in the harness's directory and on its ports."""
import os
import pathlib
import socket
import subprocess

from .ports import free_ports, listening
from .processes import Failed

DBD_USER = "slurm"  # in MariaDB alone
DBD_PASSWORD = "loopback"


def slurm_address():
    """Slurm's daemons listen everywhere, or where the machine's name points. Returns the address to reach them at, and the
    lines that keep them on loopback where that name allows it."""
    try:
        own = socket.gethostbyname(socket.gethostname())
    except OSError:
        own = ""
    if own.startswith("127."):
        return own, ["CommunicationParameters=NoInAddrAny,NoCtldInAddrAny"]
    return "127.0.0.1", []


class Accounting:
    """`dbd_lines`: more lines of slurmdbd.conf. `mariadb_options`: in place of those below."""

    def __init__(self, root, daemons, dbd_lines=(), mariadb_options=()):
        self.dbd_lines = list(dbd_lines)
        self.mariadb_options = list(mariadb_options)
        self.root = pathlib.Path(root)
        self.daemons = daemons
        self.munge_socket = self.root / "munge" / "munged.socket"
        self.database_port, self.dbd_port = free_ports(2)
        self.address, self.listen_on_loopback = slurm_address()
        self.dbd_directory = self.root / "slurmdbd"

    def private_data(self):
        """What slurmdbd.conf hides."""
        return next((line.partition("=")[2] for line in self.dbd_lines if line.startswith("PrivateData=")), "")

    def start(self):
        self._start_munged()
        self._make_database()
        self._configure_slurmdbd()

    def _start_munged(self):
        home = self.munge_socket.parent
        home.mkdir()
        key = home / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        private = home / "private"
        private.mkdir(mode=0o700)
        self.daemons.start(
            "munged",
            [
                "/usr/sbin/munged",
                "--foreground",
                "--num-threads=10",
                f"--key-file={key}",
                f"--socket={self.munge_socket}",
                f"--pid-file={private}/munged.pid",
                f"--seed-file={private}/munged.seed",
                f"--log-file={private}/munged.log",
            ],
            home / "munged.out",
            self.munge_socket.exists,
        )

    def _make_database(self):
        data = self.root / "mariadb"
        # A starting mariadbd clears its temporary directory of what it takes for its own leavings: by default /tmp, everybody's.
        made = subprocess.run(
            [
                "mariadb-install-db",
                "--no-defaults",
                f"--datadir={data}",
                "--user=root",
                "--skip-name-resolve",
                "--skip-test-db",
                "--force",
                "--auth-root-authentication-method=normal",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.root,
            env={**os.environ, "TMPDIR": str(self.root)},
        )
        if made.returncode != 0:
            raise Failed(f"mariadb-install-db: {made.stdout}{made.stderr}")
        first_statements = self.root / "mariadb.sql"
        # A file of statements has one statement a line. slurmdbd would make the database itself, on a connection that was refused for
        # its absence; Debian 13's libmariadb 11.8.9 then takes no result from it ("maximum allowed number of columns (=0)").
        first_statements.write_text(
            "CREATE DATABASE slurm_acct_db;\n"
            f"CREATE USER '{DBD_USER}'@'127.0.0.1' IDENTIFIED BY '{DBD_PASSWORD}';\n"
            f"GRANT ALL ON slurm_acct_db.* TO '{DBD_USER}'@'127.0.0.1';\n"
        )
        first_statements.chmod(0o600)
        self.start_mariadb([f"--init-file={first_statements}"])

    def start_mariadb(self, more=()):
        data = self.root / "mariadb"
        self.daemons.start(
            "mariadbd",
            [
                "/usr/sbin/mariadbd",
                "--no-defaults",
                "--user=root",
                f"--datadir={data}",
                f"--tmpdir={data}",
                "--bind-address=127.0.0.1",
                f"--port={self.database_port}",
                f"--socket={data}/socket",
                f"--pid-file={data}/pid",
                *more,
                "--skip-name-resolve",
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=64M",
                "--innodb-log-file-size=16M",
                "--innodb-doublewrite=0",
                "--innodb-lock-wait-timeout=900",
                "--performance-schema=OFF",
                *self.mariadb_options,
            ],
            self.root / "mariadb.log",
            lambda: listening(self.database_port),
            seconds=40,
        )

    def _configure_slurmdbd(self):
        self.dbd_directory.mkdir()
        conf = self.dbd_directory / "slurmdbd.conf"
        conf.write_text(
            "\n".join(
                [
                    "DbdHost=localhost",
                    f"DbdAddr={self.address}",
                    *self.listen_on_loopback,
                    f"DbdPort={self.dbd_port}",
                    "SlurmUser=root",
                    "AuthType=auth/munge",
                    f"AuthInfo=socket={self.munge_socket}",
                    "StorageType=accounting_storage/mysql",
                    "StorageHost=127.0.0.1",
                    f"StoragePort={self.database_port}",
                    f"StorageUser={DBD_USER}",
                    f"StoragePass={DBD_PASSWORD}",
                    "StorageLoc=slurm_acct_db",
                    f"PidFile={self.dbd_directory}/pid",
                    f"LogFile={self.dbd_directory}/slurmdbd.log",
                    "DebugLevel=info",
                    *self.dbd_lines,
                    "",
                ]
            )
        )
        conf.chmod(0o600)  # slurmdbd refuses a wider one
        self.start_slurmdbd()

    def start_slurmdbd(self):
        self.daemons.start(
            "slurmdbd",
            ["/usr/sbin/slurmdbd", "-D"],
            self.dbd_directory / "slurmdbd.out",
            lambda: listening(self.dbd_port, self.address),
            env={"SLURM_CONF": str(self.dbd_directory / "slurm.conf")},
            seconds=40,
        )
