"""Where documents come from: files, records in tables, and web sites."""
