"""Whether a document holds: its dates, its versions, what replaced it, and what that costs it in the ranking."""
