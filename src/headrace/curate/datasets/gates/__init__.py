"""Gates of datasets: what a commit is held against."""
