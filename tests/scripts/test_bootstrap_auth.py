"""auth.json: the seed from the Secret arrives, and a login made in the workspace is never lost."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from workbench.packages import program
from workbench.place import read_only
from workbench.pod import Pod

SEED = '{"github-copilot":{"type":"oauth","refresh":"seed-token-0123456789","expires":0}}\n'
ROTATED = SEED.replace("seed-token", "rotated-token")
EDITED = '{"anthropic":{"type":"api","key":"edited-by-the-user-0123456789"}}'


@pytest.fixture
def seeded(pod: Pod) -> Pod:
    """A pod after a start with SEED."""
    pod.put_secret("auth.json", SEED)
    pod.bootstrap().expect(0, "auth.json written")
    return pod


def asides(pod: Pod) -> list[Path]:
    return sorted(pod.auth.parent.glob("auth.json.*"))


def test_seed_is_written_for_its_owner_only(seeded: Pod) -> None:
    assert seeded.auth.read_text() == SEED
    assert stat.S_IMODE(seeded.auth.stat().st_mode) == 0o600
    for directory in (seeded.auth.parent, seeded.home / ".local" / "state" / "opencode-workspace"):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_without_a_seed_nothing_is_written(pod: Pod) -> None:
    pod.bootstrap().expect(0)
    assert not pod.auth.exists()


@pytest.mark.fault("login-edited")
def test_unchanged_seed_keeps_what_the_user_edited(seeded: Pod) -> None:
    seeded.write(seeded.auth, EDITED)
    seeded.bootstrap().expect(0)
    assert seeded.auth.read_text() == EDITED
    assert asides(seeded) == []


@pytest.mark.fault("seed-rotated")
def test_changed_seed_replaces_and_keeps_the_old_file(seeded: Pod) -> None:
    seeded.write(seeded.auth, EDITED)
    seeded.put_secret("auth.json", ROTATED)
    seeded.bootstrap().expect(0, "changed seed")
    assert seeded.auth.read_text() == ROTATED
    (aside,) = asides(seeded)
    assert aside.read_text() == EDITED
    assert stat.S_IMODE(aside.stat().st_mode) == 0o600


@pytest.mark.fault("seed-rotated")
def test_old_files_do_not_replace_each_other(seeded: Pod) -> None:
    for content in (ROTATED, SEED, ROTATED):
        seeded.put_secret("auth.json", content)
        seeded.bootstrap().expect(0, "changed seed")
    assert len(asides(seeded)) == 3


@pytest.mark.fault("seed-rotated")
def test_first_seed_replaces_an_earlier_login_and_keeps_it(pod: Pod) -> None:
    pod.write(pod.auth, EDITED)
    pod.put_secret("auth.json", SEED)
    pod.bootstrap().expect(0, "changed seed")
    assert [aside.read_text() for aside in asides(pod)] == [EDITED]


@pytest.mark.fault("login-edited")
def test_start_killed_before_the_seed_was_remembered_changes_nothing(seeded: Pod) -> None:
    (seeded.home / ".local" / "state" / "opencode-workspace" / "auth-seed.sha256").unlink()
    seeded.bootstrap().expect(0)
    assert asides(seeded) == []
    seeded.write(seeded.auth, EDITED)
    seeded.bootstrap().expect(0)
    assert seeded.auth.read_text() == EDITED


@pytest.mark.fault("login-edited")
def test_if_missing_never_replaces_a_login(seeded: Pod) -> None:
    seeded.put_secret("auth.json", ROTATED)
    seeded.bootstrap(AUTH_SEED="if-missing").expect(0)
    assert seeded.auth.read_text() == SEED


def test_if_missing_seeds_a_fresh_volume(pod: Pod) -> None:
    pod.put_secret("auth.json", SEED)
    pod.bootstrap(AUTH_SEED="if-missing").expect(0)
    assert pod.auth.read_text() == SEED


def test_never_writes_nothing(pod: Pod) -> None:
    pod.put_secret("auth.json", SEED)
    pod.bootstrap(AUTH_SEED="never").expect(0)
    assert not pod.auth.exists()


@pytest.mark.parametrize("seed", ["", "\n", "null", "[]", '{"a":', "x{}", "changeme"])
@pytest.mark.fault("seed-useless")
def test_seed_that_is_no_object_is_reported_and_ignored(seeded: Pod, seed: str) -> None:
    seeded.put_secret("auth.json", seed)
    seeded.bootstrap().expect(0, "not a JSON object")
    assert seeded.auth.read_text() == SEED


@pytest.mark.parametrize("mode", ["if-missing", "if-changed"])
@pytest.mark.fault("login-damaged")
def test_empty_login_is_replaced_by_the_seed(seeded: Pod, mode: str) -> None:
    seeded.write(seeded.auth, "")
    seeded.bootstrap(AUTH_SEED=mode).expect(0, "auth.json written")
    assert seeded.auth.read_text() == SEED
    assert asides(seeded) == []


@pytest.mark.parametrize(
    "content", [b'{"github-copilot":{"ty', b"\0" * 64], ids=["cut-off", "zeros"]
)
@pytest.mark.fault("login-damaged")
def test_damaged_login_is_replaced_and_kept_aside(seeded: Pod, content: bytes) -> None:
    seeded.write(seeded.auth, content)
    seeded.bootstrap().expect(0, "was not a JSON object")
    assert seeded.auth.read_text() == SEED
    assert [aside.read_bytes() for aside in asides(seeded)] == [content]


def test_seed_with_byte_order_mark_and_blanks_is_accepted(pod: Pod) -> None:
    seed = b"\xef\xbb\xbf\r\n " + SEED.encode()
    pod.put_secret("auth.json", seed)
    pod.bootstrap().expect(0)
    assert pod.auth.read_bytes() == seed


@pytest.mark.fault("login-damaged")
def test_login_readable_by_others_is_closed(seeded: Pod) -> None:
    seeded.write(seeded.auth, SEED, 0o644)
    seeded.bootstrap().expect(0)
    assert stat.S_IMODE(seeded.auth.stat().st_mode) == 0o600


def test_half_written_seed_of_a_killed_start_is_removed(seeded: Pod) -> None:
    seeded.write(seeded.auth.parent / ".auth.json.abcdef", SEED[:10])
    seeded.bootstrap().expect(0)
    assert not (seeded.auth.parent / ".auth.json.abcdef").exists()


@pytest.mark.fault("full-login")
def test_full_volume_keeps_the_old_login(seeded: Pod) -> None:
    """The volume has room for the probe, and none for the seed."""
    seeded.put_secret("auth.json", '{"padding":"' + "x" * 40_000 + '"}')
    small = seeded.root / "small"
    small.mkdir()
    check = (
        f"cmp {small}/.local/share/opencode/auth.json {seeded.auth} && test $code = 50 && exit 50"
    )
    commands = (
        f"mount -t tmpfs -o size=256k tmpfs {small} && cp -R {seeded.home}/. {small}/ && "
        f"dd if=/dev/zero of={small}/ballast bs=4096 2>/dev/null; "
        f"truncate -s -16384 {small}/ballast; "
        f'"$@"; code=$?; {check}'
    )
    seeded.prefix = [program("unshare"), "--user", "--map-root-user", "--mount"]
    seeded.prefix += [program("dash"), "-c", commands, "-"]
    seeded.git_configuration.write_text("[safe]\n\tdirectory = *\n")
    directory = str(small / "workspace")
    seeded.bootstrap(HOME=str(small), WORKSPACE_DIRECTORY=directory).expect(
        50, "could not be written", "No space left"
    )


@pytest.mark.fault("other-owner")
def test_unwritable_login_directory_is_reported(seeded: Pod) -> None:
    seeded.put_secret("auth.json", ROTATED)
    seeded.auth.unlink()
    seeded.auth.parent.rmdir()
    with read_only(seeded.auth.parent.parent):
        seeded.bootstrap().expect(50, "Permission denied")
