"""The statistics behind verdicts: paired, honest about clusters, and about what they could not see."""
