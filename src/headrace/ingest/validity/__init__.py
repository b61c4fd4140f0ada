"""Whether a document holds: its dates, its versions, what replaced it, and what that costs its rank."""
