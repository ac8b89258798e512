"""What is a secret by its name, and what by its value?"""

from __future__ import annotations

import pytest

from opencode_workspace.rules.literals import has_secret_name, is_written_out


@pytest.mark.parametrize(
    "name",
    [
        *("PASSWORD", "DB_PASS", "DB_PWD", "RESTIC_PASSPHRASE", "GITHUB_TOKEN", "OPENAI_API_KEY"),
        *("CLIENT_SECRET", "AWS_SECRET_ACCESS_KEY", "adminPassword", "db-password", "apikey"),
    ],
)
def test_a_name_says_that_its_value_is_secret(name: str) -> None:
    assert has_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("PASSWORD_FILE", "TOKEN_PATH", "MAX_TOKENS", "SECRET_NAME", "SECRET_DOMAIN", "BYPASS"),
        *("existingSecret", "imagePullSecret", "secretName", "TOKENIZERS_PARALLELISM", "COMPASS"),
    ],
)
def test_a_name_says_that_its_value_is_none(name: str) -> None:
    assert not has_secret_name(name)


@pytest.mark.parametrize(
    "value", ["hunter2", "correct-horse", 1234, "mysecretpassword", "a$b", "p@ss:w0rd"]
)
def test_a_value_stands_for_itself(value: object) -> None:
    assert is_written_out(value)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, [], {}, "", "  ", "true", "null", "${VAR}", "a-${VAR}", "$VAR", "$(VAR)"),
        *("{{ .a }}", "ENC[AES256_GCM,data:a]", "/run/token", "op://vault/item/field"),
        *("changeme", "change-me-please", "<token>", "xxxxxxxx", "your-token", "example-token"),
        *("app-secret", "secret", "********", "..."),
    ],
)
def test_a_value_is_a_reference_or_a_placeholder(value: object) -> None:
    assert not is_written_out(value)
