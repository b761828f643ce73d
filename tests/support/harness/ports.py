# SPDX-License-Identifier: Apache-2.0
"""The ports that daemons listen on: each belongs to one program until it ends."""
import random
import socket

CLAIMED = (
    []
)  # what claims a port for as long as this process lives, also while its daemon is yet to be started, or is down


def claim(port):
    """True if no process listens on the port, at any address, and no process with this harness has claimed it."""
    owner, probe = socket.socket(socket.AF_UNIX), socket.socket()
    try:
        owner.bind(f"\0slurm-carbon port {port}")  # a name of the kernel's: no file, gone with the process
        probe.bind(("", port))
    except OSError:
        owner.close()
        return False
    finally:
        probe.close()
    CLAIMED.append(owner)
    return True


def free_ports(count):
    """Ports of this process' own, below those that a kernel gives to clients (Linux from 32768 on, gVisor from 16000)."""
    ports = []
    while len(ports) < count:
        port = random.randrange(10000, 16000)
        if claim(port):
            ports.append(port)
    return ports


def listening(port, address="127.0.0.1"):
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0
