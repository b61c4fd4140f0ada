"""Sources to index: what documents become before they can be found."""
