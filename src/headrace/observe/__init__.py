"""What users did with the answers: signals, and what they say of each trace."""
