"""Bytes of any document to normalised text with its structure; untrusted formats in limited subprocesses."""
