"""Generates, validates, renders and previews OpenCode workspaces for Flux, without a cluster."""

__version__ = "0.1.0"
