"""What bootstrap.sh does when one of the small tools fails: each played by a fake one."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from workbench.packages import program
from workbench.place import read_only
from workbench.pod import DASH, Pod

# Busybox's shell takes its own tools.
pytestmark = pytest.mark.parametrize("shell", [DASH], ids=["dash"])

SEED = '{"github-copilot": {"type": "oauth", "refresh": "a-login-only-for-this-test"}}'
OTHER = SEED.replace("a-login", "another-login")


def failing(tool: str, when: str, says: str = "Input/output error") -> str:
    """A tool that fails when its arguments match a pattern of the shell, and works else."""
    failure = f"echo '{tool}: {says}' >&2; exit 1"
    return f'case "$*" in {when}) {failure} ;; esac; exec {program(tool)} "$@"'


def asked_limits(pod: Pod, **settings: str) -> list[str]:
    """Seconds that `timeout` is given in a start."""
    seen = pod.home / "seen"
    pod.put_program("timeout", f'echo "$1" >>{seen}; shift; exec "$@"')
    pod.bootstrap(**settings).expect(0)
    return seen.read_text().split()


def test_question_may_take_a_minute(ssh_pod: Pod) -> None:
    assert asked_limits(ssh_pod) == ["60"]


def test_update_may_take_two_minutes(cloned_pod: Pod) -> None:
    assert asked_limits(cloned_pod, WORKSPACE_UPDATE="fetch") == ["120"]


@pytest.fixture
def seeded(pod: Pod) -> Pod:
    """A pod after a start with SEED, and with another seed for the next one."""
    pod.put_secret("auth.json", SEED)
    pod.bootstrap().expect(0, "auth.json written")
    pod.put_secret("auth.json", OTHER)
    return pod


def logins(pod: Pod) -> dict[str, str]:
    return {path.name: path.read_text() for path in pod.auth.parent.iterdir()}


@pytest.mark.parametrize(
    ("says", "code", "explained"),
    [
        ("Disk quota exceeded", 21, "is full"),
        ("quota exceeded", 21, "is full"),
        ("Read-only file system", 20, "run the pod as the owner"),
        ("Operation not permitted", 20, "run the pod as the owner"),
    ],
)
def test_volume_that_takes_no_file_is_explained(
    pod: Pod, says: str, code: int, explained: str
) -> None:
    pod.put_program("dd", failing("dd", "*", says))
    pod.bootstrap().expect(code, explained, str(pod.home))


def test_probe_of_a_full_volume_is_not_left_on_it(pod: Pod) -> None:
    pod.put_program("dd", ': >"${2#of=}"; echo "dd: No space left on device" >&2; exit 1')
    pod.bootstrap().expect(21, "is full")
    assert list(pod.home.iterdir()) == []


@pytest.mark.parametrize(
    ("says", "code"),
    [("No space left on device", 21), ("Disk quota exceeded", 21), ("Input/output error", 49)],
)
def test_volume_that_became_full_is_told_when_git_does_not_say_it(
    ssh_pod: Pod, says: str, code: int
) -> None:
    ssh_pod.put_program("git", "echo 'fatal: the moon is in the wrong phase' >&2; exit 128")
    probe = f"*of={ssh_pod.home}/.opencode-probe.*bs=65536*"
    ssh_pod.put_program("dd", failing("dd", probe, says))
    ssh_pod.bootstrap().expect(code)


def test_everything_is_synced_where_one_file_system_cannot_be(pod: Pod) -> None:
    seen = pod.home / "seen"
    pod.put_program("sync", f'echo "$*" >>{seen}; [ $# -eq 0 ]')
    pod.bootstrap().expect(0, "is ready")
    first, second = seen.read_text().splitlines()
    assert first.startswith(f"-f {pod.home}/.opencode-clone.")
    assert second == ""


def test_place_that_cannot_be_made_is_told(pod: Pod) -> None:
    pod.put_program("mktemp", failing("mktemp", "*.opencode-clone.*"))
    pod.bootstrap().expect(20, f"cannot write to {pod.home}: mktemp: Input/output error")


@pytest.mark.parametrize("mounted", [False, True])
def test_repository_that_cannot_be_put_into_place_is_told(pod: Pod, mounted: bool) -> None:
    if mounted:
        pod.make_directory(pod.directory)
        pod.make_directory(pod.directory / "lost+found")
    pod.put_program("mv", failing("mv", "*"))
    pod.bootstrap().expect(49, f"cannot write to {pod.directory}: mv: Input/output error")


def failing_clone(pod: Pod) -> None:
    failure = "{ echo 'fatal: early EOF' >&2; exit 128; }"
    pod.put_program("git", f'case "$1" in clone) {failure} ;; esac; exec {program("git")} "$@"')


def test_clone_that_fails_leaves_nothing(ssh_pod: Pod) -> None:
    failing_clone(ssh_pod)
    ssh_pod.bootstrap().expect(41, "git: fatal: early EOF")
    assert list(ssh_pod.home.iterdir()) == []


def test_stage_that_cannot_be_removed_does_not_hide_why_git_failed(ssh_pod: Pod) -> None:
    failing_clone(ssh_pod)
    ssh_pod.put_program("rm", failing("rm", "-rf*/.opencode-clone.??????"))
    ssh_pod.bootstrap().expect(41, "git: fatal: early EOF")


def test_repository_s_own_entries_come_before_its_git_directory(ssh_pod: Pod) -> None:
    """So that a start that is killed in between is not taken for a whole repository."""
    url = ssh_pod.environment["WORKSPACE_REPOSITORY"].replace("project.git", "superproject.git")
    ssh_pod.make_directory(ssh_pod.directory)
    ssh_pod.make_directory(ssh_pod.directory / "lost+found")
    seen = ssh_pod.home / "seen"
    ssh_pod.put_program("mv", f'echo "${{1##*/}}" >>{seen}; exec {program("mv")} "$@"')
    ssh_pod.bootstrap(WORKSPACE_REPOSITORY=url).expect(0)
    assert seen.read_text().split() == ["part", ".gitmodules", ".git"]


def test_what_git_says_of_a_configuration_it_cannot_read_is_told(cloned_pod: Pod) -> None:
    cloned_pod.put_program("git", failing("git", "*--name-only*", "bad configuration"))
    log = cloned_pod.bootstrap(WORKSPACE_UPDATE="fetch")
    log.expect(0, "git: git: bad configuration", "starting with the repository as it is")


def test_directory_of_logins_of_another_owner_is_used(pod: Pod) -> None:
    pod.put_secret("auth.json", SEED)
    pod.put_program("chmod", failing("chmod", f"700*{pod.auth.parent}", "Operation not permitted"))
    pod.bootstrap().expect(0, "auth.json written")


def test_old_login_is_copied_where_it_can_have_no_second_name(seeded: Pod) -> None:
    seeded.put_program("ln", failing("ln", "*"))
    seeded.bootstrap().expect(0, "replaced by the changed seed")
    assert sorted(logins(seeded).values()) == sorted([SEED, OTHER])


@pytest.mark.parametrize("tools", ["ln cp", "mktemp", "cmp", "mv"])
def test_login_is_kept_when_its_successor_cannot_be_written(seeded: Pod, tools: str) -> None:
    for tool in tools.split():
        seeded.put_program(tool, failing(tool, f"*{seeded.auth.parent}*"))
    seeded.bootstrap().expect(50, "auth.json could not be written", "the old one is kept")
    found = logins(seeded)
    assert found.pop("auth.json") == SEED
    half = [name for name in found if name.startswith(".")]
    assert half == [] or tools == "mv", "a half written login is left"


def test_seed_whose_record_cannot_be_written_leaves_no_half_one(seeded: Pod) -> None:
    state = seeded.home / ".local/state/opencode-workspace"
    seeded.put_program("mv", failing("mv", f"*{state}/*"))
    seeded.bootstrap().expect(50, "auth.json could not be written: mv: Input/output error")
    assert [path.name for path in state.iterdir()] == ["auth-seed.sha256"]


def test_old_logins_of_one_second_are_numbered(seeded: Pod) -> None:
    seeded.put_program("date", "echo 20260101T000000Z")
    for seed in (OTHER, SEED, OTHER):
        seeded.put_secret("auth.json", seed)
        seeded.bootstrap().expect(0, "replaced by the changed seed")
    names = {
        f"auth.json{end}" for end in ("", *(f".20260101T000000Z{n}" for n in ("", "-2", "-3")))
    }
    assert set(logins(seeded)) == names


def test_old_login_is_named_by_the_time_it_was_replaced_at(seeded: Pod) -> None:
    seeded.bootstrap().expect(0)
    (name,) = set(logins(seeded)) - {"auth.json"}
    assert re.fullmatch(r"auth\.json\.\d{8}T\d{6}Z", name)


def test_seed_is_remembered_as_its_checksum(seeded: Pod) -> None:
    """A later version reads what an earlier one wrote, and replaces no login for it."""
    record = seeded.home / ".local/state/opencode-workspace/auth-seed.sha256"
    assert record.read_text() == hashlib.sha256(SEED.encode()).hexdigest() + "\n"


def test_remembered_seed_is_not_written_again(seeded: Pod) -> None:
    """A restart with nothing new needs no space."""
    seeded.put_secret("auth.json", SEED)
    with read_only(seeded.home / ".local/state/opencode-workspace"):
        seeded.bootstrap().expect(0)


def test_directory_of_logins_is_closed_to_others(pod: Pod) -> None:
    pod.write(pod.auth, "")
    assert pod.auth.parent.stat().st_mode & 0o077, "it is closed already"
    pod.put_secret("auth.json", SEED)
    pod.bootstrap().expect(0)
    assert Path(pod.auth.parent).stat().st_mode & 0o777 == 0o700
