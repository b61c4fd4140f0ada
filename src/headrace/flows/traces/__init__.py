"""Reading traces: found, shown, exported, selected, kept."""
