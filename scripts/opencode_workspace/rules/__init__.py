"""The rules of `opencode-workspace check`: `rules.yaml` says what each means, a function finds it.

A function takes what it looks at, a Source (one file), a Deployment (one workspace) or the Tree (all of
them), and yields findings without their rule's id.
"""
