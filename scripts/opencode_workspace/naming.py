"""Names that follow from a workspace's own."""

PREFIX = "opencode-"
# Helm refuses longer release names: it leaves room for suffixes in 63 characters.
RELEASE_NAME_LIMIT = 53
