"""The index of near duplicates: signatures, banded segments, groups and their winners."""
