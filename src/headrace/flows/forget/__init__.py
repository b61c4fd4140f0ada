"""Hide, forget, scan, certify: taking documents out of everything, and keeping them out."""
