"""Golden sets: cases with their states, parts and past."""
