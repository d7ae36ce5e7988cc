"""Architectures, one file each, readable on their own."""
