"""What answers teach: datasets, evals, drafts made of traces, and what of the traffic is covered."""
