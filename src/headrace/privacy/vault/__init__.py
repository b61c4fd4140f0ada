"""The vault: personal data leaves in a call as tokens and comes back in its answer."""
