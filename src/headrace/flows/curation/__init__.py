"""The operations on drafts made of traces."""
