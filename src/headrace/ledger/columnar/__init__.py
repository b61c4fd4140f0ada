"""Arrow tables on Lance whose versions are durable before the ledger names them."""
