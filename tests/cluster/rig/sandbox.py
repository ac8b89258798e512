"""The private network, mounts and processes that a run lives in: what it makes is gone when it ends."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

# Inside the network of the sandbox alone; the node's address may not be loopback.
ADDRESS = "10.99.0.1"
# Where the run's state is seen from inside: a path short enough for the sockets in it.
STATE = Path("/run/cluster")
RUN = "CLUSTER_TEST_RUN"
# Seconds that all builds took before the run: under a minute when they were there already.
BUILD = "CLUSTER_TEST_BUILD_SECONDS"
RUNS = Path(os.environ.get("CLUSTER_TEST_RUNS") or Path(__file__).parents[3] / "build" / "cluster")
# Held by a run for as long as it lives; process ids mean nothing to a run in another container.
LOCK = "lock"
# Where kubelet and CNI write whatever they are told; another kubelet would remove the logs of our pods.
PRIVATE = (Path("/run"), Path("/var/log"), Path("/var/lib/cni"), Path("/var/lib/kubelet"))
CONTROL_GROUPS = Path("/sys/fs/cgroup")
KEPT_RUNS = 6
CLEAN_SECONDS = 10
PR_SET_PDEATHSIG = 1
PROGRAMS = {
    "buildah": "buildah",
    "conntrack": "conntrack",
    "containerd": "containerd",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "iptables": "iptables",
    "npm": "npm",
    "runc": "runc",
    "unshare": "util-linux",
}


def missing() -> list[str]:
    """What this machine lacks to hold a cluster, one sentence each; empty when it can."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    lacks = [
        f"{program} is not installed (Debian package {package})."
        for program, package in PROGRAMS.items()
        if shutil.which(program, path=path) is None
    ]
    if os.geteuid() != 0:
        lacks.insert(0, "Namespaces, mounts and containers need root: run it with sudo.")
    if sys.platform != "linux":
        lacks = ["The kubelet runs on Linux only."]
    return lacks


def run_folder() -> Path:
    """The folder of this run, for logs; RuntimeError outside of a sandbox."""
    if RUN not in os.environ:
        raise RuntimeError("not inside the sandbox: run `make test-cluster`")
    return RUNS / os.environ[RUN]


def control_group() -> str:
    """Name of the control group that holds the run's pods: a run beside this one has another."""
    return _group(os.environ[RUN])


def _group(name: str) -> str:
    return f"opencode-{name}"


def end_with_parent(how: signal.Signals = signal.SIGKILL) -> None:
    """To be called in a new process, before its program: it gets the signal when its parent has ended."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how, 0, 0, 0)


def end(*_: object) -> None:
    """Handler that lets files be removed, also when the signal comes twice, as `timeout` sends it."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + signal.SIGTERM)


def enter(arguments: list[str]) -> int:
    """Runs `python ARGUMENTS` in a new sandbox; gives its exit code."""
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    (RUNS / name).mkdir(parents=True)
    lock = _locked(name)
    (RUNS / name / "state").mkdir()
    _sweep()
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command += [sys.executable, "-m", "tests.cluster", "inside", *arguments]
    # The sandbox has no way out; a proxy of the machine would only make programs wait.
    environment = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    environment[RUN] = name
    signal.signal(signal.SIGTERM, end)
    process = subprocess.Popen(command, env=environment, preexec_fn=end_with_parent)
    try:
        return wait(process)
    finally:
        process.kill()
        process.wait()
        _clean(name)
        os.close(lock)


def wait(process: subprocess.Popen[bytes]) -> int:
    """Its exit code. Ctrl-C reaches the tests themselves, which end in order."""
    while True:
        with contextlib.suppress(KeyboardInterrupt):
            return process.wait()


def _locked(name: str, how: int = fcntl.LOCK_EX) -> int:
    """Takes the lock of a run, which the kernel frees when its holder ends."""
    handle = os.open(RUNS / name / LOCK, os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(handle, how)
    except OSError:
        os.close(handle)
        raise
    return handle


def _sweep() -> None:
    """Removes what runs that were killed have left, and logs of which there are newer ones enough."""
    ended = []
    for folder in sorted(folder for folder in RUNS.iterdir() if folder.is_dir()):
        # Another's lock, or another run has swept the folder just now.
        with contextlib.suppress(OSError):
            handle = _locked(folder.name, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clean(folder.name)
            os.close(handle)
            ended.append(folder)
    for folder in ended[:-KEPT_RUNS]:
        shutil.rmtree(folder, ignore_errors=True)


def control_groups(name: str) -> list[Path]:
    """Where a run's control groups are, whether or not they have been made: one in each hierarchy."""
    unified = (CONTROL_GROUPS / "cgroup.controllers").exists()
    hierarchies = [CONTROL_GROUPS] if unified else sorted(CONTROL_GROUPS.iterdir())
    return [
        hierarchy / _group(name)
        for hierarchy in hierarchies
        if hierarchy.is_dir() and not hierarchy.is_symlink()
    ]


def _clean(name: str) -> None:
    shutil.rmtree(RUNS / name / "state", ignore_errors=True)
    # A group is busy for as long as the last of its processes takes to end.
    deadline = time.monotonic() + CLEAN_SECONDS
    while groups := [root for root in control_groups(name) if root.exists()]:
        for group in (group for root in groups for group, _, _ in os.walk(root, topdown=False)):
            with contextlib.suppress(OSError):
                Path(group).rmdir()
        if time.monotonic() > deadline:
            print("Control groups are left:", *groups, file=sys.stderr)
            return
        time.sleep(0.05)


def settle() -> None:
    """Called once by the sandbox's first process: addresses, private folders, and the run's state."""

    def do(*command: str) -> None:
        subprocess.run(command, check=True)

    state = run_folder() / "state"
    # Held open, because the next mount hides the checkout if it lies below /run.
    handle = os.open(state, os.O_RDONLY)
    do("ip", "link", "set", "lo", "up")
    do("ip", "address", "add", f"{ADDRESS}/32", "dev", "lo")
    do("ip", "route", "add", "default", "dev", "lo")
    for private in PRIVATE:
        private.mkdir(exist_ok=True)
        do("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(private))
    for folder in (STATE, Path("/run/netns"), Path("/run/sshd"), Path("/run/lock")):
        folder.mkdir(mode=0o755)
    do("mount", "--bind", f"/proc/{os.getpid()}/fd/{handle}", str(STATE))
    os.close(handle)


def reap_until_done(command: list[str]) -> int:
    """Runs the command and, as PID 1 has to, collects every orphan; gives the command's exit code."""
    child = os.posix_spawnp(command[0], command, os.environ)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        process, status = os.wait()
        if process == child:
            return os.waitstatus_to_exitcode(status) % 256
